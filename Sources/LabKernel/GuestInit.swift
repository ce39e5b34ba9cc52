import CLinux
import Glibc
import Kernel

/// The guest half's start and end: what makes an empty machine, or a set of namespaces, a lab. Runs as process 1.
package enum GuestInit {
    /// Where the lab sees the run folder.
    package static let runFolder = "/run/halfopen"
    /// Where the lab sees the project folder, when it has one.
    package static let projectFolder = "/run/project"
    /// Printed on the console when the guest half runs.
    package static let startedLine = "@started"
    /// Of the lab's machine; hosts of a lab have their own.
    package static let hostName = "lab"

    /// Prepares mounts, limits, loopback and standard descriptors; `arguments` are those after `guest`: the kind of
    /// lab, and for the host lab its private folder. Standard output and error go to the console: lines that begin with
    /// "@" are the guest half's reports, all else is what went wrong.
    package static func start(_ arguments: [String]) throws -> GuestOrders {
        guard getpid() == 1, let lab = arguments.first.flatMap(LabKind.init) else {
            throw LabKernelError(.failed, "halfopen guest is the first process of a lab; it is not started by hand")
        }
        halfopen_keep_memory()
        var folder = arguments.last ?? ""
        if lab == .virtual {
            try GuestMounts.useConsole()
            folder = try GuestMounts.showPrivateFolder()
        }
        guard let orders = GuestOrders.decode(try Files.read("\(folder)/orders"), lab: lab) else {
            throw LabKernelError(.failed, "\(folder)/orders are not a lab's orders")
        }
        if orders.lab == .virtual {
            try GuestMounts.arrangeVirtual(orders)
        } else {
            try GuestMounts.arrangeOnHost(orders)
        }
        try System.call("bring up", "the loopback interface") { halfopen_loopback_up() }
        try System.call("set the host name", hostName) { sethostname(hostName, hostName.utf8.count) }
        setLimits(orders)
        tell(startedLine)
        return orders
    }

    /// Prints a line on the console.
    package static func tell(_ line: String) { try? Kernel.write(1, Array("\(line)\n".utf8), to: "the console") }

    /// Ends the lab with everything in it, with what was written to the run folder on the host's disk side of it.
    package static func end(_ orders: GuestOrders) -> Never {
        sync()
        if orders.lab == .virtual { halfopen_power_off() }
        // The end of process 1 is the end of its namespace.
        exit(0)
    }

    private static func setLimits(_ orders: GuestOrders) {
        if orders.lab == .virtual {
            // Written data reaches the host's file within five seconds of virtual time, without anybody waiting for it.
            write("/proc/sys/vm/dirty_expire_centisecs", "300")
            write("/proc/sys/vm/dirty_writeback_centisecs", "100")
            write("/proc/sys/fs/nr_open", "1048576")
            write("/proc/sys/fs/file-max", "4194304")
            // The soft limit is modest: programs size tables by it.
            _ = halfopen_raise_descriptors(65536, 1_048_576)
        }
        write("/proc/sys/net/core/somaxconn", "65535")
        write("/proc/sys/net/ipv4/ping_group_range", "0 2147483647")
    }

    /// Best effort: in a user namespace some of these are not ours to set.
    private static func write(_ path: String, _ text: String) { try? Files.write(path, text) }
}
