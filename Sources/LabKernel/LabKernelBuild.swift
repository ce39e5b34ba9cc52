import CLinux
import Glibc
import Kernel

/// Builds the lab kernel from Debian's source package, as any user, into a cache folder. Takes 3 to 4 minutes on two
/// processors and about 1.8 GB in the cache folder while it lasts. What is there afterwards is whole: it is built in a
/// folder of another name and renamed.
package struct LabKernelBuild: ~Copyable {
    private let keeper: Keeper
    private let say: (String) -> Void
    let cache: String
    private let work: String

    /// `say` gets a line for each step, and for each tenth of the long one.
    package init(keeper: Keeper, say: @escaping (String) -> Void) {
        self.keeper = keeper
        self.say = say
        cache = LabKernelCache.folderForBuilding
        work = "\(cache)/.build-\(LabKernelSource.key)-\(getpid())"
    }

    /// The kernel that stands already when it is of the installed source's version, or else a new one.
    package func run() throws -> InstalledKernel {
        if let standing = current() { return standing }
        try demandPrerequisites()
        do throws(SystemError) {
            try Files.makeFolder(cache)
        } catch {
            throw LabKernelError(
                .missing, "\(error). Name a folder that you may write in the environment variable HALFOPEN_CACHE.")
        }
        try demandRoom()
        let lock = try Descriptor.open("\(cache)/.lock", O_RDWR | O_CREAT)
        if flock(lock.raw, LOCK_EX | LOCK_NB) != 0 {
            say("another build is under way; waiting for it")
            let raw = lock.raw
            try System.call("wait for the lock of", cache) { flock(raw, LOCK_EX) }
        }
        // The one waited for may have built it.
        if let standing = current() { return standing }
        keeper.remove(work)
        defer {
            Files.remove(work)
            keeper.forget(work)
        }
        try Files.makeFolder("\(work)/made")
        return try build()
    }

    private func current() -> InstalledKernel? {
        guard let standing = LabKernelCache.find() else { return nil }
        let installed = LabKernelBuild.installedPackageVersion
        return installed == nil || standing.packageVersion == installed ? standing : nil
    }

    private func build() throws -> InstalledKernel {
        let source = try unpack()
        try Files.write("\(work)/patches", LabKernelSource.patches)
        // Not one line further away, and nothing asked: what does not fit exactly is another source.
        try step("patch the source", ["patch", "-p1", "--fuzz=0", "--batch", "-i", "\(work)/patches"], folder: source)
        try configure(source)
        try compile(source)
        let version = try linuxVersion(source)
        try Files.write("\(work)/seed.c", LabKernelSource.seedLibrary)
        try step(
            "build the library of seeded randomness",
            ["gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", "\(work)/made/seed.so", "\(work)/seed.c"])
        try step("copy the kernel", ["cp", "\(source)/linux", "\(work)/made/linux"])
        let clock = try address(of: "time_travel_clock", in: "\(source)/System.map")
        let manifest =
            "linux \(version)\npackage \(LabKernelBuild.installedPackageVersion ?? "unknown")\n"
            + "key \(LabKernelSource.key)\nclock \(String(clock, radix: 16))\n"
        try Files.write("\(work)/made/manifest", manifest)
        try step("make it readable by all", ["chmod", "-R", "a+rX", "\(work)/made"])
        let folder = "\(cache)/\(version)-\(LabKernelSource.key)"
        Files.remove(folder)
        try System.call("rename to", folder) { rename("\(work)/made", folder) }
        return try LabKernelCache.load(folder).get()
    }

    // MARK: Steps

    /// Returns the folder of the source tree.
    private func unpack() throws -> String {
        say("unpacking \(LabKernelSource.archive)")
        try step("unpack the source", ["tar", "-xJf", LabKernelSource.archive, "-C", work])
        return "\(work)/\(LabKernelSource.package)"
    }

    private func configure(_ source: String) throws {
        say("configuring")
        try Files.write("\(source)/lab.config", LabKernelSource.configuration)
        try step("make a minimal configuration", ["make", "-C", source, "ARCH=um", "tinyconfig"])
        try step(
            "add the lab's configuration",
            ["scripts/kconfig/merge_config.sh", "-m", ".config", "lab.config"], folder: source)
        try step("complete the configuration", ["make", "-C", source, "ARCH=um", "olddefconfig"])
        let taken = Set((Files.text("\(source)/.config") ?? "").split(separator: "\n").map(String.init))
        let dropped = LabKernelSource.options.filter { !isTaken($0, taken) }
        guard dropped.isEmpty else {
            throw LabKernelError(
                .failed, "this source does not take these options of the lab kernel: \(dropped.joined(separator: ", "))"
            )
        }
    }

    /// `=n` is written as a comment in a .config, or not at all.
    private func isTaken(_ option: String, _ lines: Set<String>) -> Bool {
        option.hasSuffix("=n")
            ? !lines.contains { $0.hasPrefix(option.dropLast(1)) } : lines.contains(option)
    }

    private func compile(_ source: String) throws {
        let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        say("compiling on \(processors) processors (3 to 4 minutes on two)")
        let before = lines(of: log)
        var tenth = 0
        try step(
            "compile the kernel", ["make", "-C", source, "ARCH=um", "-j\(max(1, processors))", "linux"],
            meanwhile: {
                // 1,560 files were compiled when this was written.
                let now = min(9, (lines(of: log) - before) * 10 / 1560)
                if now > tenth {
                    tenth = now
                    say("compiling: \(now)0 %")
                }
            })
    }

    private func linuxVersion(_ source: String) throws -> String {
        let release = Files.text("\(source)/include/config/kernel.release") ?? ""
        let version = release.split(separator: "\n").first.map(String.init) ?? ""
        guard version.first?.isNumber == true else {
            throw LabKernelError(.failed, "the source in \(LabKernelSource.archive) does not tell its version")
        }
        return version
    }

    /// From lines such as `00000000606e1320 d time_travel_clock`.
    private func address(of symbol: String, in map: String) throws -> UInt64 {
        for line in (Files.text(map) ?? "").split(separator: "\n") where line.hasSuffix(" \(symbol)") {
            if let value = UInt64(line.prefix { $0 != " " }, radix: 16) { return value }
        }
        throw LabKernelError(.failed, "the built kernel has no symbol \(symbol), which the watchdog reads")
    }

    // MARK: Child processes

    private var log: String { "\(work)/made/build.log" }

    private func lines(of path: String) -> Int {
        ((try? Files.read(path)) ?? []).reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
    }

    /// Runs to its end with its output in the build log. A fixed builder and date make equal sources equal kernels.
    private func step(
        _ purpose: String, _ command: [String], folder: String? = nil, meanwhile: () -> Void = {}
    ) throws {
        let output = try Descriptor.open(log, O_WRONLY | O_CREAT | O_APPEND)
        let input = try Descriptor.open("/dev/null", O_RDONLY)
        var request = SpawnRequest(
            program: command[0], arguments: Array(command.dropFirst()),
            environment: [
                ("PATH", ChildProcess.searchPath.joined(separator: ":")), ("HOME", work), ("TMPDIR", work),
                ("LC_ALL", "C"), ("KBUILD_BUILD_TIMESTAMP", "2026-01-01"), ("KBUILD_BUILD_USER", "halfopen"),
                ("KBUILD_BUILD_HOST", "lab"), ("KBUILD_BUILD_VERSION", "1"),
            ],
            folder: folder ?? work, input: input.raw, output: output.raw, error: output.raw)
        request.ownSession = true
        let child = try ChildProcess(request)
        keeper.kill(group: child.pid)
        defer { keeper.spare(group: child.pid) }
        var ending: ChildProcess.Ending?
        while ending == nil {
            var wait = pollfd(fd: child.descriptor.raw, events: Int16(POLLIN), revents: 0)
            poll(&wait, 1, 500)
            ending = child.ending()
            meanwhile()
        }
        guard ending == .exited(0) else {
            let last = (Files.text(log) ?? "").split(separator: "\n").suffix(15).joined(separator: "\n")
            throw LabKernelError(.failed, "cannot \(purpose) (\(command[0])). The last lines of its log:\n\(last)")
        }
    }
}
