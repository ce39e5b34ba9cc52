import CLinux
import Glibc
import Kernel

/// What processes of a lab see of the host's files: all of them read-only, private empty folders where programs expect
/// to write, and the run folder. The same in both labs.
enum GuestMounts {
    private static let privateFolders = ["/tmp", "/run", "/var/tmp"]

    // MARK: Virtual

    /// The root is the host's, mounted read-only by the kernel itself.
    static func arrangeVirtual(_ orders: GuestOrders) throws {
        // /proc stands since before main, see CLinux/guest.c.
        try mount("sysfs", "/sys")
        for folder in ["/dev/pts", "/dev/shm"] { try Files.makeFolder(folder) }
        try mount("devpts", "/dev/pts", options: "ptmxmode=0666,newinstance")
        try mount("tmpfs", "/dev/shm", options: "mode=1777")
        for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
            symlink("/proc/self/fd\(target)", "/dev/\(name)")
        }
        for folder in privateFolders where folder != "/run" { try mount("tmpfs", folder, options: "mode=1777") }
        try hostFolder("\(privateFolder)/run/.", at: GuestInit.runFolder, isWritable: true)
        for folder in orders.visibleFolders where isHidden(folder) {
            try hostFolder(folder, at: folder, isWritable: false)
        }
        for folder in orders.writableFolders { try hostFolder(folder, at: folder, isWritable: true) }
        if let folder = orders.projectFolder {
            try hostFolder(folder, at: GuestInit.projectFolder, isWritable: false)
        }
    }

    /// The working folder of the kernel's process on the host, by a name that is the same for every run.
    private static let privateFolder = "/proc/self/cwd"

    /// Returns where it is seen.
    static func showPrivateFolder() throws -> String {
        try mount("tmpfs", "/run", options: "mode=1777")
        let path = "/run/halfopen-lab"
        try hostFolder("\(privateFolder)/.", at: path, isWritable: false)
        return path
    }

    /// Standard input from nowhere; output and error line by line into the kernel's log, which the host reads.
    static func useConsole() throws {
        try mount("devtmpfs", "/dev")
        let (input, output) = (open("/dev/null", O_RDONLY), open("/dev/kmsg", O_WRONLY))
        guard input >= 0, output >= 0 else { throw SystemError("open", "/dev/kmsg") }
        dup2(input, 0)
        dup2(output, 1)
        dup2(output, 2)
        if input > 2 { close(input) }
        if output > 2 { close(output) }
    }

    private static func hostFolder(_ host: String, at path: String, isWritable: Bool) throws {
        try Files.makeFolder(path)
        try mount("hostfs", path, flags: isWritable ? 0 : UInt64(MS_RDONLY), options: host)
    }

    // MARK: Host

    static func arrangeOnHost(_ orders: GuestOrders) throws {
        try System.call("keep mounts to the lab") { halfopen_mounts_private() }
        // Taken before the private folders hide them, and before all is made read-only.
        var trees = [try tree(orders.runFolder, at: GuestInit.runFolder, isWritable: true)]
        for folder in orders.writableFolders { trees.append(try tree(folder, at: folder, isWritable: true)) }
        for folder in orders.visibleFolders where isHidden(folder) {
            trees.append(try tree(folder, at: folder, isWritable: false))
        }
        if let folder = orders.projectFolder {
            trees.append(try tree(folder, at: GuestInit.projectFolder, isWritable: false))
        }
        try System.call("make read-only", "the host's files") { halfopen_mount_access("/", false, true) }
        try mount("proc", "/proc")
        // Shows the lab's own interfaces; not every container lets us, and nothing of ours needs it.
        halfopen_mount("sysfs", "/sys", UInt64(MS_RDONLY), nil)
        for folder in privateFolders { try mount("tmpfs", folder, options: "mode=1777") }
        halfopen_mount("tmpfs", "/dev/shm", 0, "mode=1777")
        for tree in trees {
            try Files.makeFolder(tree.path)
            try System.call("show in the lab", tree.path) { halfopen_tree_attach(tree.descriptor, tree.path) }
            try System.call("set the access of", tree.path) { halfopen_mount_access(tree.path, tree.isWritable, true) }
            close(tree.descriptor)
        }
    }

    private static func tree(
        _ host: String, at path: String, isWritable: Bool
    ) throws -> (descriptor: Int32, path: String, isWritable: Bool) {
        (try System.call("take into the lab", host) { halfopen_tree_clone(host) }, path, isWritable)
    }

    // MARK: Both

    private static func isHidden(_ folder: String) -> Bool {
        privateFolders.contains { folder == $0 || folder.hasPrefix("\($0)/") } || folder.hasPrefix("/dev/shm/")
    }

    private static func mount(_ kind: String, _ path: String, flags: UInt64 = 0, options: String? = nil) throws {
        try System.call("mount \(kind) on", path) { halfopen_mount(kind, path, flags, options) }
    }
}
