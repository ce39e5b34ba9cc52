import Foundation
import JSONLines
import Testing

/// What a machine may lack: room, permission, a kernel, a privilege.
@Suite struct MachineTests {
    /// Runs a shell script as root of a user namespace with mounts of its own: works for root and for others.
    private func asRoot(_ script: String, in scratch: Scratch) throws -> Halfopen.Outcome {
        try Halfopen.launch(
            ["/usr/bin/unshare", "-Urm", "/bin/sh", "-c", "set -e\n" + script], in: scratch.path,
            environment: ["HALFOPEN": Halfopen.binary])
    }

    /// A run that stands there before must be there afterwards. The folder's size leaves room for that, and not for
    /// another; everything is read before the mount goes with its namespace.
    @Test(arguments: [4, 16]) func `a full disk is told, and an earlier run is kept`(_ room: Int) throws {
        let scratch = try TestScenario.folder(TestScenario.text())
        let outcome = try asRoot(
            """
            mkdir full && mount -t tmpfs -o size=1m none full
            $HALFOPEN run test.yaml --reports full/reports >/dev/null 2>&1
            cat full/reports/test/seed-1/recording.jsonl >before
            dd if=/dev/zero of=full/rest bs=1k count=$((1024 - \(room) - $(du -sk full | cut -f1))) 2>/dev/null
            status=0; $HALFOPEN run test.yaml --reports full/reports --format json || status=$?
            echo "exit $status"
            ls -A full/reports/test
            cmp before full/reports/test/seed-1/recording.jsonl
            find full -name '*.tmp'
            python3 -c 'import json; json.load(open("full/reports/report.json"))'
            """, in: scratch)
        #expect(outcome.status == 0, "\(outcome.all)")
        #expect(outcome.output.hasSuffix("exit 69\nseed-1\n"), "\(outcome.all)")
        #expect(
            outcome.errors.contains("full/reports cannot take the run: ")
                && outcome.errors.contains("No space left on device. Make room there"), "\(outcome.all)")
        #expect(!outcome.all.contains("/run/halfopen"), "\(outcome.all)")
    }

    @Test(arguments: ["virtual", "host"]) func `a full disk is told in either lab`(_ lab: String) throws {
        // Its log alone would fill the disk twice; then it has something for the recording.
        let client = """
            [sh, -c, 'yes | head -c 130000; for i in $(seq 300); do echo "{{\\"event\\": \\"note\\"}}"; done; \
            exec python3 pair.py subscribe']
            """
        let scratch = try TestScenario.folder(TestScenario.text(client: client, end: "2s", link: "delay: 0ms"))
        let outcome = try asRoot(
            """
            mkdir full && mount -t tmpfs -o size=64k none full
            status=0; $HALFOPEN run test.yaml --reports full/reports --lab \(lab) || status=$?
            echo "exit $status"
            find full -type f
            """, in: scratch)
        #expect(outcome.output == "exit 69\n", "\(outcome.all)")
        #expect(outcome.errors.contains("full/reports cannot take the run: "), "\(outcome.all)")
    }

    /// Whoever reads standard output has the result even if no report file could be written.
    @Test func `room for the run and not for its reports`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "20s"))
        let outcome = try asRoot(
            """
            mkdir full && mount -t tmpfs -o size=1m none full
            $HALFOPEN run test.yaml --reports full/reports >/dev/null 2>&1
            rm full/reports/report.json
            mkdir full/reports/report.json
            status=0; $HALFOPEN run test.yaml --reports full/reports --format json || status=$?
            echo "exit $status" >&2
            """, in: scratch)
        #expect(outcome.errors.hasSuffix("exit 70\n"), "\(outcome.all)")
        #expect(outcome.errors.contains("full/reports/report.json"), "\(outcome.all)")
        #expect(Played(outcome).verdict == "pass", "\(outcome.all)")
    }

    @Test func `a reports folder that cannot be written`() throws {
        let scratch = try TestScenario.folder(TestScenario.text())
        let outcome = try asRoot(
            """
            mkdir fixed && mount -t tmpfs none fixed && mkdir fixed/old && mount -o remount,ro fixed
            for folder in fixed/old fixed/new; do
                status=0; $HALFOPEN run test.yaml --reports $folder || status=$?
                echo "exit $status"
            done
            """, in: scratch)
        #expect(outcome.output == "exit 69\nexit 69\n", "\(outcome.all)")
        for folder in ["old", "new"] {
            #expect(outcome.errors.contains("fixed/\(folder) cannot take the run: "), "\(outcome.all)")
        }
        #expect(outcome.errors.contains("Read-only file system. Make room there, or name another folder"))
    }

    @Test func `a reports folder that is a file`() throws {
        let scratch = try TestScenario.folder(TestScenario.text())
        let outcome = try Halfopen.run(["run", "test.yaml", "--reports", "pair.py"], in: scratch.path)
        #expect(outcome.status == 70, "\(outcome.all)")
        #expect(outcome.errors.contains("cannot make the folder pair.py: File exists"), "\(outcome.all)")
        #expect(scratch.text("pair.py") == TestScenario.programs)
    }

    /// As in many a container: the lab's memory goes elsewhere.
    @Test(arguments: ["noexec", "size=1m"]) func `shared memory that will not do`(_ option: String) throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "20s"))
        let outcome = try asRoot(
            """
            mount -t tmpfs -o \(option) none /dev/shm
            $HALFOPEN run test.yaml --format json
            ls -A /dev/shm >&2
            """, in: scratch)
        #expect(outcome.status == 0, "\(outcome.all)")
        #expect(Played(outcome).verdict == "pass", "\(outcome.all)")
        #expect(!outcome.errors.contains("halfopen-"), "\(outcome.all)")
    }

    @Test func `no room for the lab's memory anywhere`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "20s"))
        let outcome = try asRoot(
            """
            cp $HALFOPEN halfopen
            mount --bind . /mnt
            for folder in /dev/shm /tmp; do mount -t tmpfs -o size=1m none $folder; done
            cd /mnt
            unset TMPDIR XDG_RUNTIME_DIR
            exec ./halfopen run test.yaml
            """, in: scratch)
        #expect(outcome.status == 69, "\(outcome.all)")
        #expect(
            outcome.errors.contains(
                "no folder for the lab's memory (512 MiB): /dev/shm: has no room; /tmp: has no room. Name one"),
            "\(outcome.all)")
        #expect(scratch.list("reports/test") == [])
    }

    // MARK: Privileges

    /// A user without a place in a user namespace may make none.
    @Test func `no right to make namespaces`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "1s", link: "delay: 0ms"))
        chmod(scratch.path, 0o777)
        let outcome = try Halfopen.launch(
            ["/usr/bin/unshare", "-U", Halfopen.binary, "run", "test.yaml", "--lab", "host"], in: scratch.path)
        expectMissingNamespaces(outcome, "Operation not permitted")
    }

    @Test func `a limit on namespaces`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(end: "1s", link: "delay: 0ms"))
        let outcome = try asRoot(
            "echo 0 >/proc/sys/user/max_net_namespaces; exec $HALFOPEN run test.yaml --lab host", in: scratch)
        expectMissingNamespaces(outcome, "No space left on device")
    }

    private func expectMissingNamespaces(
        _ outcome: Halfopen.Outcome, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(outcome.status == 69, "\(outcome.all)", sourceLocation: sourceLocation)
        #expect(outcome.errors.contains(reason), "\(outcome.all)", sourceLocation: sourceLocation)
        #expect(
            outcome.errors.contains("namespaces that this machine does not let this user make; the virtual lab"),
            "\(outcome.all)", sourceLocation: sourceLocation)
    }

    // MARK: Other users

    /// With nothing but the binary, the cached kernel and the scenario in readable places, and no HOME.
    @Test func `another user's run is the same run`() throws {
        let scratch = try TestScenario.folder(TestScenario.text(link: "delay: 10ms, jitter: 2ms, loss: 1%"))
        let own = try Played.play(scratch)
        let (other, copy) = try asNobody(scratch, [])
        #expect(own.verdict == "pass", "\(own.outcome.all)")
        #expect(other.verdict == "pass", "\(other.outcome.all)")
        #expect(other.sha256 == own.sha256)
        #expect(copy.list("reports/test") == ["seed-1"])
    }

    @Test func `the host lab needs no root`() throws {
        let scratch = try TestScenario.folder(
            TestScenario.text(end: "2s", expect: ["{ connects: client, within: 1s }"], link: "delay: 0ms"))
        let (other, _) = try asNobody(scratch, ["--lab", "host"])
        #expect(other.verdict == "pass", "\(other.outcome.all)")
        #expect(other.run["lab"] == "host")
    }

    /// Plays a copy of the scenario. When this is not root, as itself: unprivileged it is, then.
    private func asNobody(_ scratch: Scratch, _ arguments: [String]) throws -> (Played, Scratch) {
        let copy = try Scratch()
        for name in ["test.yaml", "pair.py", "actors.py"] { _ = try copy.write(name, scratch.text(name)) }
        // The checkout may lie where others cannot look.
        let binary = copy.path + "/halfopen"
        try FileManager.default.copyItem(atPath: Halfopen.binary, toPath: binary)
        chmod(copy.path, 0o777)
        let user = getuid() == 0 ? ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        let words = user + ["/usr/bin/env", "-i", binary, "run", "test.yaml", "--format", "json"] + arguments
        return (Played(try Halfopen.launch(words, in: copy.path), copy), copy)
    }
}
