import Foundation
import Kernel
import Testing

@testable import ReferenceFeed

extension ShellTests {
    /// Both sides against software that is not ours: Python's `websockets` and OpenSSL's command line.
    @Suite struct InteropTests {
        private static let wss = [
            "--transport", "wss", "--certificate", TestCertificates.good.certificate, "--key",
            TestCertificates.good.key,
        ]

        /// Runs a program beside the stage's loop; what it printed, line by line.
        private func run(_ stage: Stage, _ program: String, _ arguments: [String]) throws -> [String] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            let output = Pipe()
            (process.standardOutput, process.standardError) = (output, output)
            process.standardInput = FileHandle.nullDevice
            try process.run()
            let end = Clock.now + 20_000_000_000
            while process.isRunning, Clock.now < end { try stage.wait(milliseconds: 5) }
            process.terminate()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            return text.split(separator: "\n").map(String.init)
        }

        @Test func aClientOfPythonsWebsocketsIsServed() throws {
            let stage = try Stage()
            try stage.startServer(Self.wss)
            let lines = try run(
                stage, "/usr/bin/python3",
                [
                    "-c",
                    """
                    import asyncio, json, ssl, sys, websockets
                    async def main():
                        context = ssl.create_default_context(cafile=sys.argv[1])
                        url = "wss://localhost:" + sys.argv[2] + "/feed"
                        async with websockets.connect(url, ssl=context, ping_interval=None) as socket:
                            await socket.send(json.dumps({"type": "hello", "version": 1, "token": ""}))
                            print(json.loads(await socket.recv())["type"])
                            numbers = []
                            while len(numbers) < 5:
                                message = json.loads(await socket.recv())
                                if message["type"] == "message": numbers.append(message["seq"])
                            print([number - numbers[0] for number in numbers])
                            await asyncio.wait_for(await socket.ping(), 5)
                            await socket.send(json.dumps({"type": "goodbye"}))
                            try:
                                while True: await socket.recv()
                            except websockets.ConnectionClosed: pass
                            print(socket.close_code)
                    asyncio.run(main())
                    """, TestCertificates.authority, "\(stage.port)",
                ])
            #expect(lines == ["welcome", "[0, 1, 2, 3, 4]", "1000"])
        }

        @Test func aServerOfPythonsWebsocketsIsUnderstood() throws {
            let stage = try Stage()
            // Takes the port that the kernel chose for somebody else a moment ago.
            try stage.startServer()
            stage.stopServer()
            try stage.startClient(["--transport", "ws"])
            let lines = try run(
                stage, "/usr/bin/python3",
                [
                    "-c",
                    """
                    import asyncio, json, sys, websockets
                    done = asyncio.Event()
                    async def serve(socket):
                        print(socket.path, json.loads(await socket.recv())["type"])
                        await socket.send(json.dumps({"type": "welcome", "epoch": "e", "next": 1, "heartbeat": 10**10}))
                        for number in (1, 2, 3):
                            await socket.send(json.dumps({"type": "message", "seq": number, "text": "x" * 50000}))
                        await asyncio.wait_for(await socket.ping(), 5)
                        await socket.send(json.dumps({"type": "refused", "reason": "enough", "retry": False}))
                        try: await asyncio.wait_for(socket.recv(), 5)
                        except websockets.ConnectionClosed: pass
                        print(socket.close_code)
                        done.set()
                    async def main():
                        async with websockets.serve(serve, "127.0.0.1", int(sys.argv[1]), ping_interval=None):
                            await asyncio.wait_for(done.wait(), 10)
                    asyncio.run(main())
                    """, "\(stage.port)",
                ])
            #expect(lines.first == "/feed hello")
            #expect(stage.received == [1, 2, 3])
            #expect(stage.states.last == "fatal")
            // What it said when it left: a normal end.
            #expect(lines.last == "1000" || lines.last == "1001", "\(lines)")
        }

        @Test func opensslsClientVerifiesTheServer() throws {
            let stage = try Stage()
            try stage.startServer(
                [
                    "--transport", "tls", "--certificate", TestCertificates.good.certificate, "--key",
                    TestCertificates.good.key,
                ])
            func connect(_ more: String...) throws -> [String] {
                try run(
                    stage, "/usr/bin/openssl",
                    [
                        "s_client", "-connect", "127.0.0.1:\(stage.port)", "-CAfile", TestCertificates.authority,
                        "-verify_return_error", "-verify_hostname", "feed", "-brief",
                    ] + more)
            }
            let lines = try connect()
            #expect(lines.contains("Protocol version: TLSv1.3") && lines.contains("Verification: OK"), "\(lines)")
            #expect(try connect("-tls1_2").contains("Protocol version: TLSv1.2"))
            let old = try connect("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
            #expect(!old.contains { $0.hasPrefix("Protocol version") })
            #expect(old.contains { $0.contains("alert protocol version") }, "\(old)")
        }
    }
}
