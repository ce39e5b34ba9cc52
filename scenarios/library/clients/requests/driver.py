"""Requests' session, which keeps connections alive.

defaults: Session(). No timeout, no retry of what went wrong on the way.
recommended: a timeout for connecting (a little over a multiple of 3 s, TCP's retransmission window) and one for the
answer, and urllib3's Retry mounted on the session.
https://requests.readthedocs.io/en/latest/user/advanced/#timeouts and #example-automatic-retries
"""
import argparse

import halfopen_driver as driver
import requester
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options = options.parse_args()

    driver.hello("requests", requests.__version__)
    session, timeout = requests.Session(), None
    if options.settings == "recommended":
        timeout = (3.05, 10)
        retries = Retry(total=3, backoff_factor=0.1, status_forcelist=[502, 503, 504])
        session.mount("http://", HTTPAdapter(max_retries=retries))

    def ask():
        session.get(f"http://{options.to}/", timeout=timeout).raise_for_status()

    requester.ask_for_ever(options.every, ask, requests.RequestException)


main()
