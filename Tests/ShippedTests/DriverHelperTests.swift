import Actors
import JSONLines
import Recordings
import Testing

/// The helpers for authors, run for real, and read by the code that reads drivers.
@Suite struct DriverHelperTests {
    private func events(_ output: Output) throws -> [DriverProtocol.Line] {
        try output.lines.map { line in
            try #require(DriverProtocol.parse(line, of: Instance("x")), "\(String(decoding: line, as: UTF8.self))")
        }
    }

    private let everything = """
        import halfopen_driver as driver
        driver.hello("lib", "1", commands=["drain", "close"])
        driver.state("open")
        driver.attempt(session="s1")
        driver.connected()
        driver.resumed()
        driver.sent("a", 1)
        driver.received("a", 2, late=True)
        driver.acked("a", 3)
        driver.request("q")
        driver.response("q", ok=False, class_="bulk")
        driver.refused("full", retry_after=5)
        driver.queue(3)
        driver.breaker("half-open")
        driver.error(OSError(111, "refused"))
        driver.note("n", nothing=None, more={"x": [1.5, None]})
        """

    @Test func pythonSaysEveryEventOfTheProtocol() throws {
        let lines = try events(python(everything))
        let kinds: [DriverReport.Kind] = [
            .hello, .state, .attempt, .connected, .resumed, .sent, .received, .acked, .request, .response, .refused,
            .queue, .breaker, .error, .note,
        ]
        #expect(lines.map(\.report.kind) == kinds)
        #expect(Set(kinds + [.unsupported]) == Set(DriverReport.Kind.allCases))
        #expect(
            lines.map(\.report.text) == [nil, "open"] + Array(repeating: nil, count: 8) + [
                "full", nil, "half-open", "[Errno 111] refused", "n",
            ])
        #expect(lines[2].report.session == "s1")
        #expect(lines[5...7].map(\.report.sequence) == [1, 2, 3])
        #expect(lines[5...7].map(\.report.stream) == ["a", "a", "a"])
        #expect(lines[6].report.extra == [.init("late", true)])
        #expect(lines[9].report.extra == [.init("id", "q"), .init("ok", false), .init("class", "bulk")])
        #expect(lines[10].report.extra == [.init("fatal", false), .init("retry_after", 5)])
        #expect(lines[11].report.extra == [.init("depth", 3)])
        #expect(lines[14].report.extra == [.init("more", ["x": [1.5, .null]])])
        #expect(lines[0].report.extra.last == .init("commands", ["drain", "close"]))
    }

    @Test func pythonStampsWithTheMonotonicClock() throws {
        let lines = try events(
            python(
                """
                import time, halfopen_driver as driver
                before = time.monotonic_ns()
                driver.attempt()
                driver.note("", before=before, after=time.monotonic_ns())
                driver.attempt(t=17)
                """))
        let stamp = try #require(lines[0].stamp)
        let bounds = lines[1].report.extra.compactMap(\.value.integer)
        #expect(bounds.count == 2 && bounds[0] <= stamp && stamp <= bounds[1])
        #expect(lines[2].stamp == 17)
    }

    /// Text of every kind arrives as it was, and what is no text at all cannot break a line.
    @Test func pythonQuotes() throws {
        let lines = try events(
            python(
                #"""
                import halfopen_driver as driver
                driver.error("\"\\/\n\r\t\0\x1f ü € 😀")
                driver.error("\udcff")
                """#))
        #expect(lines[0].report.text == "\"\\/\n\r\t\0\u{1F} ü € 😀")
        #expect(lines[1].report.text == "?")
    }

    /// Starting Python is most of what a driver costs: the helper must not make it slower.
    @Test func pythonImportsNothingMore() throws {
        let output = try python(
            """
            import os, sys  # Python imports them by itself, but for -S.
            before = set(sys.modules)
            import halfopen_driver as driver
            driver.hello("lib", "1", commands=["drain"])
            driver.received("a", 1)
            print(sorted(set(sys.modules) - before))
            """)
        #expect(String(decoding: output.lines.last ?? [], as: UTF8.self) == "['halfopen_driver']")
    }

    /// 8 threads at once, lines nearly as long as a pipe takes whole (PIPE_BUF).
    @Test func pythonThreadsDoNotMixTheirLines() throws {
        let output = try python(
            """
            import threading, halfopen_driver as driver
            def speak(number):
                for seq in range(500):
                    driver.sent("s%d" % number, seq, padding="x" * 3000)
            threads = [threading.Thread(target=speak, args=(n,)) for n in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            """)
        let lines = try events(output)
        #expect(lines.count == 4000)
        for number in 0..<8 {
            #expect(lines.filter { $0.report.stream == "s\(number)" }.compactMap(\.report.sequence) == Array(0..<500))
        }
    }

    @Test func pythonRefusesWithStatus127() throws {
        let output = try python("import halfopen_driver as driver\ndriver.unsupported('no TLS')\nprint('not reached')")
        #expect(output.status == 127)
        let lines = try events(output)
        #expect(lines.map(\.report.kind) == [.unsupported] && lines[0].report.text == "no TLS")
    }

    @Test func pythonHearsCommands() throws {
        let output = try python(
            """
            import halfopen_driver as driver
            for command in driver.commands():
                driver.note(command["command"], seq=command.get("seq"))
            """, input: "{\"command\":\"publish\",\"seq\":4}\n\n{\"command\":\"drain\"}\n")
        let lines = try events(output)
        #expect(lines.map(\.report.text) == ["publish", "drain"])
        #expect(lines[0].report.sequence == 4)
    }

    @Test func cSaysWhatItIsTold() throws {
        let lines = try events(
            c(
                #"""
                #include "halfopen_driver.h"
                int main(void) {
                    const char *none[] = {NULL};
                    halfopen_hello("lib", "1", none);
                    halfopen_event("attempt");
                    halfopen_state("state", "open");
                    halfopen_number("sent", "a", -5);
                    halfopen_number("received", "a", 9223372036854775807);
                    halfopen_text("error", "\"\\\n\x01 ü € 😀");
                    halfopen_text("error", "bad \xff\xc3(\xe2\x82 \xed\xa0\x80 \xf5\x80\x80\x80 end");
                    halfopen_text("note", NULL);
                    halfopen_unsupported("no TLS");
                }
                """#))
        let kinds: [DriverReport.Kind] = [
            .hello, .attempt, .state, .sent, .received, .error, .error, .note, .unsupported,
        ]
        #expect(lines.map(\.report.kind) == kinds)
        #expect(lines.allSatisfy { $0.stamp ?? 0 > 0 })
        #expect(lines.map(\.stamp!) == lines.map(\.stamp!).sorted())
        #expect(lines[0].report.extra == [.init("library", "lib"), .init("version", "1"), .init("commands", [])])
        #expect(lines[2].report.text == "open")
        #expect(lines[3...4].map(\.report.sequence) == [-5, .max])
        #expect(lines[5].report.text == "\"\\\n\u{1} ü € 😀")
        #expect(lines[6].report.text == "bad ??(?? ??? ???? end")
        #expect(lines[7].report.text == nil)
        #expect(lines[8].report.text == "no TLS")
    }

    /// Whatever does not fit is cut or left out, and the line is a whole line still.
    @Test(arguments: [4000, 4040, 4050, 4060, 4070, 4090, 4095, 4096, 5000, 9000])
    func cCutsWhatDoesNotFit(length: Int) throws {
        let output = try c(
            """
            #include "halfopen_driver.h"
            int main(void) {
                static char text[10000], wide[10000];
                memset(text, 'x', \(length));
                for (int i = 0; i + 2 <= \(length); i += 2) memcpy(wide + i, "\\xc3\\xbc", 2);
                halfopen_text("note", text);
                halfopen_text("note", wide);
                halfopen_number("sent", text, 7);
                const char *commands[] = {text, text, NULL};
                halfopen_hello("lib", "1", commands);
                halfopen_hello(text, text, commands);
                struct halfopen_line line = halfopen_begin("note");
                halfopen_string(&line, text, text);
                halfopen_boolean(&line, "ok", 1);
                halfopen_integer(&line, text, 1);
                halfopen_end(&line);
            }
            """)
        #expect(output.lines.allSatisfy { $0.count < 4096 })
        let lines = try events(output)
        #expect(lines.map(\.report.kind) == [.note, .note, .sent, .hello, .hello, .note])
        let text = try #require(lines[0].report.text)
        #expect(text.allSatisfy { $0 == "x" } && text.count > min(length, 4000) - 1)
    }
}
