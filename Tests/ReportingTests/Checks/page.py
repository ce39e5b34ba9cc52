"""Opens a page of a run in headless Chromium as a person would, and says what it found, as one JSON object.

usage: page.py [--pictures FOLDER] FILE; pictures are taken light, dark and with the first finding in the timeline.
"""
import json
import pathlib
import sys
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

arguments = sys.argv[1:]
pictures = None
if arguments[0] == "--pictures":
    pictures = pathlib.Path(arguments[1])
    arguments = arguments[2:]
page = pathlib.Path(arguments[0]).resolve().as_uri()

options = webdriver.ChromeOptions()
for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000",
             "--disable-background-networking", "--no-first-run"):
    options.add_argument(word)
options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
found = {}


def window():
    box = driver.find_element(By.ID, "timeline")
    return [int(box.get_attribute("data-from")), int(box.get_attribute("data-to"))]


def picture(name, scheme, whole=True):
    if not pictures:
        return
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    if whole:
        height = driver.execute_script("return document.documentElement.scrollHeight")
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": 1400, "height": min(height, 6000), "deviceScaleFactor": 1, "mobile": False})
    time.sleep(0.5)
    driver.save_screenshot(str(pictures / f"{name}.png"))
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


try:
    began = time.monotonic()
    driver.get(page)
    found["seconds_to_load"] = time.monotonic() - began
    root = driver.find_element(By.TAG_NAME, "html")
    found["ready"] = root.get_attribute("data-ready")
    timing = "return performance.getEntriesByType('navigation')[0].domComplete"
    found["milliseconds_to_interactive"] = driver.execute_script(timing)
    found["title"] = driver.title
    found["lanes"] = [canvas.get_attribute("aria-label") for canvas in driver.find_elements(
        By.CSS_SELECTOR, "#timeline canvas[data-lane]")]
    # A canvas that nothing was drawn on is one colour.
    found["drawn"] = driver.execute_script("""
        return [...document.querySelectorAll('#timeline canvas')].map(canvas => {
            const all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const pixels = new Uint32Array(all.data.buffer);
            return pixels.some(pixel => pixel !== pixels[0]);
        });""") if found["ready"] else []
    found["findings"] = [item.get_attribute("class") for item in driver.find_elements(
        By.CSS_SELECTOR, "ol.findings > li")]
    found["texts"] = driver.find_element(By.TAG_NAME, "body").text[:200000]
    # What a hostile text would have made of itself.
    found["strangers"] = driver.execute_script(
        "return document.querySelectorAll('img, iframe, object, embed, form, link[rel=stylesheet]').length")
    found["scripts"] = len(driver.find_elements(By.TAG_NAME, "script"))
    found["stolen"] = driver.execute_script("return window.stolen === undefined ? null : String(window.stolen)")
    if found["ready"]:
        found["window"] = window()
        picture("light", "light")
        picture("dark", "dark")
        go = driver.find_elements(By.CSS_SELECTOR, "ol.findings .finding-head button.go")
        if go:
            times = [int(text) for text in go[0].get_attribute("data-at").split(",")]
            driver.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", go[0])
            go[0].click()
            found["clicked"] = {"times": times, "window": window(), "focus": driver.execute_script(
                "return document.activeElement.id"), "told": driver.find_element(By.ID, "window").text}
            picture("finding", "light", whole=False)
        box = driver.find_element(By.ID, "timeline")
        box.send_keys("0")
        found["keys"] = [window()]
        for key in ("+", Keys.ARROW_RIGHT, "-", "0"):
            box.send_keys(key)
            found["keys"].append(window())
        canvas = driver.find_elements(By.CSS_SELECTOR, "#timeline canvas[data-lane]")[0]
        webdriver.ActionChains(driver).move_to_element(canvas).perform()
        found["tip"] = driver.find_element(By.ID, "tip").text
    found["console"] = [entry["message"] for entry in driver.get_log("browser")]
    requests = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            requests.append(message["params"]["request"]["url"])
    found["requests"] = [url[:200] for url in requests if url.split("#")[0] != page and not url.startswith("data:")]
    print(json.dumps(found))
finally:
    driver.quit()
