"""urllib3's pool of connections that are kept alive.

defaults: PoolManager(). Three retries, at once; no timeout at all.
recommended: timeouts and a Retry with backoff and jitter that honours Retry-After, as its user guide shows.
https://urllib3.readthedocs.io/en/stable/user-guide.html#using-timeouts and #retrying-requests
"""
import argparse

import halfopen_driver as driver
import requester
import urllib3


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options.add_argument("--ca", help="the authority that vouches for the server; with it, TLS is spoken")
    options = options.parse_args()

    driver.hello("urllib3", urllib3.__version__)
    how = {"ca_certs": options.ca} if options.ca else {}
    if options.settings == "recommended":
        how["timeout"] = urllib3.Timeout(connect=5, read=10)
        how["retries"] = urllib3.Retry(5, backoff_factor=0.5, backoff_jitter=0.5, status_forcelist=[502, 503, 504])
    pool = urllib3.PoolManager(**how)
    address = f"{'https' if options.ca else 'http'}://{options.to}/"

    def ask():
        answer = pool.request("GET", address)
        if answer.status != 200:
            raise urllib3.exceptions.HTTPError(f"status {answer.status}")

    requester.ask_for_ever(options.every, ask, urllib3.exceptions.HTTPError)


main()
