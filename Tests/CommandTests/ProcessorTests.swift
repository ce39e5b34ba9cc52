import Foundation
import Testing

/// Each lab has a processor of its own, as long as there are enough of them.
@Suite struct ProcessorTests {
    @Test func `a run has the processor that the run before it had`() throws {
        let scratch = try Scratch()
        let script = "\(scratch.path)/watch.py"
        // With one processor, in a network namespace where no other lab claims it: for each seed the share of the looks
        // at its run in which it was claimed.
        try Data(
            """
            import collections, glob, os, re, subprocess, sys, time
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
            run = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            looks, claimed = collections.Counter(), collections.Counter()
            while run.poll() is None:
                for folder in glob.glob(sys.argv[1] + "/*/.seed-*"):
                    seed = re.search(r"seed-([0-9]+)", folder)[1]
                    looks[seed] += 1
                    claimed[seed] += "@halfopen-processor-" in open("/proc/net/unix").read()
                time.sleep(0.002)
            print(*[seed for seed in sorted(looks) if claimed[seed] > looks[seed] / 2], run.returncode)
            """.utf8
        ).write(to: URL(fileURLWithPath: script))
        let outcome = try Halfopen.launch([
            "/usr/bin/unshare", "--map-root-user", "--net", "/usr/bin/python3", script, scratch.path, Halfopen.binary,
            "run", "scenarios/library/hang-up/server-hangs-up.yaml", "--seeds", "1..3", "--jobs", "1", "--no-history",
            "--reports", scratch.path,
        ])
        #expect(outcome.output == "1 2 3 0\n", "\(outcome.all)")
    }
}
