"""gRPC's Python library (its asyncio interface), a stream that the server pushes. The channel connects again by itself,
with gRPC's connection backoff; a stream that broke is the application's to begin again, which is this loop.

defaults: insecure_channel(address); a new call after a second.
recommended: keep-alive pings on the channel, and calls that wait until it is ready.
https://grpc.io/docs/guides/keepalive/ and https://grpc.io/docs/guides/wait-for-ready/
https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md
"""
import argparse
import asyncio

import grpc
import halfopen_driver as driver


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True)
    options.add_argument("--settings", choices=["defaults", "recommended"], default="defaults")
    options.add_argument("--ca", help="the authority that vouches for the server; with it, TLS is spoken")
    options = options.parse_args()
    recommended = options.settings == "recommended"

    driver.hello("grpcio", grpc.__version__)
    how = [("grpc.keepalive_time_ms", 30_000), ("grpc.keepalive_timeout_ms", 10_000)] if recommended else []
    address = f"{options.to}:50051"
    if options.ca:
        with open(options.ca, "rb") as authority:
            channel = grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(authority.read()), options=how)
    else:
        channel = grpc.aio.insecure_channel(address, options=how)
    subscribe = channel.unary_stream("/Ticks/Subscribe")
    while True:
        try:
            stream = subscribe(b"", wait_for_ready=recommended)
            await stream.initial_metadata()
            driver.connected()
            async for number in stream:
                driver.received("ticks", int(number))
            driver.error("the server ended the stream")
        except grpc.RpcError as problem:
            driver.error(f"{problem.code().name}: {problem.details()}")
        await asyncio.sleep(1)


asyncio.run(main())
