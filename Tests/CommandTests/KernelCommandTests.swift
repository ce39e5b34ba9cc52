import Foundation
import Testing

/// `halfopen kernel exec` from outside: what the lab kernel gives to whoever starts it. One after the other, since each
/// takes a processor.
@Suite(.serialized) struct KernelCommandTests {
    private func exec(_ options: [String] = [], _ command: [String], in folder: String? = nil) throws
        -> Halfopen.Outcome
    {
        try Halfopen.run(["kernel", "exec"] + options + ["--"] + command, in: folder ?? Halfopen.root)
    }

    @Test func `passes output and the exit status on`() throws {
        let outcome = try exec(["sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(outcome.status == 3, "\(outcome.all)")
        #expect(outcome.output == "out\n")
        #expect(outcome.errors == "err\n")
        #expect(try exec(["sh", "-c", "kill -9 $$"]).status == 137)
        #expect(try exec(["no-such-program"]).status == 127)
    }

    private func exec(_ command: [String]) throws -> Halfopen.Outcome { try exec([], command) }

    @Test func `wrong usage is told apart from what the command does`() throws {
        for words in [[], ["exec"], ["exec", "--"], ["exec", "ls"], ["exec", "--seed", "x", "--", "ls"], ["dance"]] {
            let outcome = try Halfopen.run(["kernel"] + words)
            #expect(outcome.status == 64, "\(words): \(outcome.all)")
        }
    }

    @Test func `without a kernel it says where it looked and how to get one`() throws {
        let scratch = try Scratch()
        let environment = ["HALFOPEN_CACHE": scratch.path, "HOME": scratch.path, "XDG_CACHE_HOME": scratch.path]
        let status = try Halfopen.run(["kernel", "status"], environment: environment)
        #expect(status.status == 69)
        #expect(status.output.contains("halfopen kernel build"))
        #expect(status.output.contains(scratch.path))
    }

    @Test func `equal seeds make equal runs, to the byte, and others do not`() throws {
        let program = """
            import os, random, threading, time
            print(os.urandom(8).hex(), random.random(), hash("x"), time.time_ns(), open("/proc/mounts").read())
            def wait(i):
                for _ in range(5):
                    time.sleep(random.random()); print(i, time.monotonic_ns(), flush=True)
            threads = [threading.Thread(target=wait, args=(i,)) for i in range(8)]
            [t.start() for t in threads]; [t.join() for t in threads]
            """
        let runs = try (0..<6).map { _ in try exec(["--seed", "5"], ["python3", "-c", program]) }
        #expect(runs[0].status == 0, "\(runs[0].all)")
        #expect(runs[0].output.count > 500)
        #expect(Set(runs.map(\.output)).count == 1)
        #expect(try exec(["--seed", "6"], ["python3", "-c", program]).output != runs[0].output)
    }

    /// Go's runtime seeds the order in which it runs its threads from the counter.
    @Test func `the processor's time stamp counter is the lab's clock, and repeats`() throws {
        let program = """
            import ctypes, mmap, time
            page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            merged = bytes([0x48, 0xc1, 0xe2, 0x20, 0x48, 0x09, 0xd0, 0xc3]) # rax |= rdx << 32; ret
            page.write((bytes([0x0f, 0x31]) + merged).ljust(64, b"\\xcc") + bytes([0x0f, 0x01, 0xf9]) + merged)
            start = ctypes.addressof(ctypes.c_char.from_buffer(page))
            rdtsc, rdtscp = (ctypes.CFUNCTYPE(ctypes.c_uint64)(start + offset) for offset in (0, 64))
            stamps = [rdtsc(), rdtscp(), rdtsc()]
            assert stamps == sorted(set(stamps)), stamps
            time.sleep(10)
            stamps.append(rdtscp())
            assert 10e9 <= stamps[3] - stamps[2] < 10.1e9, stamps
            print(stamps)
            """
        let runs = try (0..<3).map { _ in try exec(["--seed", "5"], ["python3", "-c", program]) }
        #expect(runs[0].status == 0, "\(runs[0].all)")
        #expect(Set(runs.map(\.output)).count == 1, "\(runs.map(\.output))")
    }

    @Test func `a process that never sleeps is ended, and named`() throws {
        let outcome = try exec(["--patience", "2"], ["python3", "-c", "while True: pass"])
        #expect(outcome.status == 70)
        #expect(outcome.errors.contains("virtual time stood still"), "\(outcome.all)")
        #expect(outcome.errors.contains("python3 (process "), "\(outcome.all)")
    }

    @Test func `what is written without anybody waiting for it is on the host within five virtual seconds`() throws {
        let scratch = try Scratch()
        let program = """
            import time
            file = open("\(scratch.path)/file", "w"); file.write("x" * 5000); file.flush()
            time.sleep(5)
            while True: pass
            """
        _ = try exec(["--patience", "1", "--writable", scratch.path], ["python3", "-c", program])
        let written = FileManager.default.contents(atPath: "\(scratch.path)/file") ?? Data()
        #expect(written.count == 5000)
    }

    @Test func `only the writable folder can be written to, and it is the host's`() throws {
        let scratch = try Scratch()
        let script = "echo in > \(scratch.path)/file; echo out > \(Halfopen.root)/made-by-a-test"
        let outcome = try exec(["--writable", scratch.path], ["sh", "-c", script])
        #expect(outcome.errors.contains("Read-only file system"), "\(outcome.all)")
        #expect(FileManager.default.contents(atPath: "\(scratch.path)/file") == Data("in\n".utf8))
        #expect(!FileManager.default.fileExists(atPath: "\(Halfopen.root)/made-by-a-test"))
    }

    @Test func `a flood of output arrives whole`() throws {
        let outcome = try exec(["sh", "-c", "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo end"])
        #expect(outcome.status == 0)
        #expect(outcome.output.utf8.count == 20_000_005)
        #expect(outcome.output.hasSuffix("xxx\nend\n"))
    }

    @Test func `nothing outlives the runner or the guest's kernel`() throws {
        let script = Halfopen.root + "/scripts/kill-test"
        let words = [script, "--times", "5", Halfopen.binary, "kernel", "exec", "--", "sleep", "1000000000"]
        let outcome = try Halfopen.launch(["/usr/bin/python3"] + words)
        #expect(outcome.status == 0, "\(outcome.all)")
    }

    @Test func `the host lab gives a command the same surroundings, in real time`() throws {
        let outcome = try exec(
            ["--lab", "host"],
            ["sh", "-c", "echo $$; cat /proc/1/comm; ls /sys/class/net 2>/dev/null; touch /usr/x || exit 5"])
        guard outcome.status != 69 else {
            #expect(outcome.errors.contains("--lab virtual"))
            return
        }
        #expect(outcome.status == 5, "\(outcome.all)")
        #expect(outcome.errors.contains("Read-only file system"), "\(outcome.all)")
    }
}
