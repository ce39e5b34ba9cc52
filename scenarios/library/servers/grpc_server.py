"""A gRPC server whose one method streams the same numbers to all who subscribe; made with grpcio. It allows a ping
every 10 s (without that, gRPC's servers allow one in five minutes and end connections that send more: proposal A8).
Not under test: it is what clients talk to. Messages are plain text, so that no compiler of protocol buffers is needed.
"""
import argparse
import asyncio

import grpc
import halfopen_driver as driver
import ticker

waiting = set()


async def subscribe(request, context):
    numbers = asyncio.Queue()
    waiting.add(numbers)
    try:
        # Says that the subscription stands, before the first number.
        await context.send_initial_metadata(())
        while True:
            yield str(await numbers.get()).encode()
    finally:
        waiting.discard(numbers)


async def publish(number):
    for numbers in waiting:
        numbers.put_nowait(number)


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--every", type=float, default=5, metavar="SECONDS")
    options.add_argument("--work", required=True)
    options.add_argument("--certificate")
    options.add_argument("--key")
    options = options.parse_args()

    driver.hello("grpcio", grpc.__version__)
    server = grpc.aio.server(options=[("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000)])
    method = grpc.unary_stream_rpc_method_handler(subscribe)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Ticks", {"Subscribe": method}),))
    if options.certificate:
        with open(options.key, "rb") as key, open(options.certificate, "rb") as certificate:
            secret = grpc.ssl_server_credentials([(key.read(), certificate.read())])
        server.add_secure_port("0.0.0.0:50051", secret)
    else:
        server.add_insecure_port("0.0.0.0:50051")
    await server.start()
    await ticker.tick(options.every, options.work, publish)


asyncio.run(main())
