import CLinux
import Glibc
import Kernel

/// The virtual lab's kernel: User Mode Linux with virtual time, an ordinary process of an ordinary user.
package enum LabKernel {
    /// Starts a guest. The first process in it is `options.program guest FOLDER`, which calls `GuestInit.start`.
    /// Call it on a thread that lives as long as the process (the guest dies with that thread).
    package static func boot(_ options: GuestOptions, on kernel: InstalledKernel, keeper: Keeper) throws -> Guest {
        let folder = try PrivateFolder(memory: options.memory, keeper: keeper)
        do {
            let runFolder = try prepare(folder, options, lab: .virtual)
            var request = SpawnRequest(
                program: kernel.kernel, arguments: kernelArguments(options),
                environment: [
                    // The kernel puts its memory file into TMPDIR and wants a HOME.
                    ("TMPDIR", folder.path), ("HOME", folder.path), ("HALFOPEN_SEED", String(options.seed)),
                    ("HALFOPEN_CLOCK", String(kernel.clockAddress, radix: 16)),
                    ("LD_PRELOAD", kernel.seedLibrary), ("PATH", ChildProcess.searchPath.joined(separator: ":")),
                ],
                folder: folder.path, input: -1, output: -1, error: -1)
            // Memory's size and much else depends on where the host puts the kernel's heap.
            request.fixedAddresses = true
            return try start(&request, options, folder, runFolder, clockAddress: kernel.clockAddress, keeper: keeper)
        } catch {
            folder.remove()
            throw error
        }
    }

    /// The same for every run of equal options: the kernel mixes its command line into its randomness. So the private
    /// folder, which has another name each time, is never named but as the working folder of the kernel's process.
    private static func kernelArguments(_ options: GuestOptions) -> [String] {
        // Its table of connections. A lab that asks for more memory has many: the kernel's own choice is a quarter full
        // with 4,000 in 2 GiB, and with 40,000 each packet would look through several. All others have few, and the
        // whole table is gone through whenever the connections are looked at, every second.
        let connections = options.memory > GuestOptions.defaultMemory ? options.memory >> 14 : options.memory >> 20
        return [
            "thash_entries=\(connections)", "mem=\(options.memory >> 20)M", "root=/dev/root", "rootfstype=hostfs",
            "rootflags=/", "ro",
            // Kernel messages go out on descriptor 1; /dev/console is another terminal, see lab-kernel/lab.config.
            "con=null", "con0=null,fd:1", "console=tty0", "console=ttynull", "quiet", "loglevel=5", "oops=panic",
            "printk.devkmsg=on", "norandmaps", "time-travel=inf-cpu", "time-travel-start=\(options.startDate)",
            "umid=\(ManagementConsole.name)", "init=/proc/self/cwd/init", "--", "guest", LabKind.virtual.rawValue,
        ]
    }

    /// Fills the private folder; returns the run folder's path on the host.
    static func prepare(_ folder: PrivateFolder, _ options: GuestOptions, lab: LabKind) throws -> String {
        var runFolder = "\(folder.path)/run"
        if let wanted = options.runFolder {
            try Files.makeFolder(wanted)
            let link = runFolder
            runFolder = try Files.resolve(wanted)
            let target = runFolder
            try System.call("link to", runFolder) { symlink(target, link) }
        } else {
            try Files.makeFolder(runFolder)
        }
        let orders = GuestOrders(
            lab: lab, runFolder: runFolder, arguments: options.arguments,
            visibleFolders: try options.visibleFolders.map { try Files.resolve($0) },
            writableFolders: try options.writableFolders.map { try Files.resolve($0) },
            projectFolder: try options.projectFolder.map { try Files.resolve($0) })
        let file = try Descriptor.open("\(folder.path)/orders", O_WRONLY | O_CREAT | O_EXCL)
        try file.write(orders.encoded, to: "the orders for the lab")
        let program = try Files.resolve(options.program)
        // A name without blanks, whatever the program's own is.
        try System.call("link to", program) { symlink(program, "\(folder.path)/init") }
        return runFolder
    }

    static func start(
        _ request: inout SpawnRequest, _ options: GuestOptions, _ folder: PrivateFolder, _ runFolder: String,
        clockAddress: UInt64?, keeper: Keeper
    ) throws -> Guest {
        let null = try Descriptor.open("/dev/null", O_RDONLY)
        let console = try Descriptor.pipe()
        let reader = Descriptor(owning: console.reader)
        let writer = Descriptor(owning: console.writer)
        request.input = null.raw
        request.output = writer.raw
        request.error = writer.raw
        request.processor = options.processor ?? -1
        let child = try ChildProcess(request)
        return Guest(
            child: child, console: reader, folder: folder, runFolder: runFolder, clockAddress: clockAddress,
            keeper: keeper)
    }
}
