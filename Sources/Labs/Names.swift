import CLinux
import Glibc
import Kernel
import Scenarios

/// How names are resolved in a lab: by a hosts file, or by the lab's name server; by nothing else.
package enum Names {
    /// The hosts file: every host's and every actor's name with its address. A host without links is its own loopback.
    /// - Parameter actors: each actor's name and the host that it runs on.
    package static func hostsFile(_ plan: LabPlan, actors: [(name: String, host: String)]) -> String {
        var lines = ["127.0.0.1 localhost"]
        func address(of host: String) -> String {
            plan.hosts.first { $0.name == host }?.addresses.first ?? "127.0.0.1"
        }
        for host in plan.hosts { lines.append("\(address(of: host.name)) \(host.name)") }
        for actor in actors { lines.append("\(address(of: actor.host)) \(actor.name)") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Puts the hosts file, and files that send every lookup there, over those of /etc: in the mount namespace of this
    /// process, which must be the lab's own. `/run` must be writable.
    package static func install(hostsFile: String) throws(SystemError) {
        try install(
            hosts: hostsFile, services: "hosts: files\n",
            resolver: "# A lab has no name server: names are in /etc/hosts.\n")
    }

    /// Like it, with files that send every lookup to the lab's name server, but for that of `localhost`.
    package static func installForNameServer() throws(SystemError) {
        // Without a domain of its own a resolver asks for "broker", and not for "broker.example.net" first.
        try install(
            hosts: "127.0.0.1 localhost\n", services: "hosts: files dns\n",
            resolver: "nameserver \(NameListener.address)\nsearch .\n")
    }

    private static func install(hosts: String, services: String, resolver: String) throws(SystemError) {
        // The lab's first process is process 1 of its own namespaces; in the lab kernel every process is the lab's.
        precondition(getpid() == 1 || isLabKernel, "names are installed in a lab only: these would be the machine's")
        try Files.makeFolder("/run/halfopen-names")
        try put(hosts, over: "/etc/hosts")
        try put(services, over: "/etc/nsswitch.conf")
        try put(resolver, over: "/etc/resolv.conf")
    }

    /// User Mode Linux says so.
    package static var isLabKernel: Bool {
        Files.text("/proc/cpuinfo")?.contains("User Mode Linux") == true
    }

    private static func put(_ text: String, over path: String) throws(SystemError) {
        let source = "/run/halfopen-names/" + Files.name(of: path)
        try Files.write(source, text)
        // Often a link into /run, where nothing stands in a lab; mount(2) needs the file it leads to.
        if let target = linkTarget(path), target.hasPrefix("/run/"), !Files.exists(target) {
            try Files.makeFolder(Files.parent(of: target))
            try Files.write(target, text)
            return
        }
        // Without the file the C library's default is as good (resolv.conf, nsswitch.conf: "files dns").
        if !Files.exists(path) && path != "/etc/hosts" { return }
        try System.call("put the lab's file over", path) { mount(source, path, nil, UInt(MS_BIND), nil) }
    }

    private static func linkTarget(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink(path, &buffer, buffer.count)
        guard length > 0 else { return nil }
        let target = String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        return target.hasPrefix("/") ? target : absolute(target, from: Files.parent(of: path))
    }

    /// `../run/x` from `/etc` is `/run/x`.
    private static func absolute(_ relative: String, from folder: String) -> String {
        var parts = folder.split(separator: "/")
        for part in relative.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
