import CLinux
import Glibc

/// How to start a program. It dies with this process, whatever ends it.
package struct SpawnRequest {
    /// Absolute, or a name that is looked up in `searchPath`.
    package var program: String
    /// Without the program's own name.
    package var arguments: [String]
    package var environment: [(name: String, value: String)]
    package var folder: String?
    package var input: Int32
    package var output: Int32
    package var error: Int32
    /// Becomes the child's descriptor 3.
    package var keep: Int32 = -1
    package var networkNamespace: Int32 = -1
    package var processor: Int32 = -1
    /// CLONE_NEW* flags.
    package var namespaces: UInt64 = 0
    package var ownSession = true
    /// Stopped (SIGSTOP) before its first instruction; SIGCONT sets it going.
    package var startsStopped = false
    /// No randomised address space and no core file: for the lab kernel's own process.
    package var fixedAddresses = false

    package init(
        program: String, arguments: [String], environment: [(name: String, value: String)] = [], folder: String? = nil,
        input: Int32, output: Int32, error: Int32
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.input = input
        self.output = output
        self.error = error
    }
}

/// A child of this process: its number and a descriptor that stands for it, whoever gets its number later.
package struct ChildProcess: ~Copyable {
    package let pid: Int32
    /// Readable once it has ended.
    package let descriptor: Descriptor

    /// Program folders of every lab: fixed, so that a run does not depend on who starts it.
    package static let searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    /// How it ended.
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(signal: Int32)
    }

    package init(_ request: SpawnRequest) throws(SystemError) {
        let program = try ChildProcess.locate(request.program, folder: request.folder)
        let arguments = CStrings([request.program] + request.arguments)
        let environment = CStrings(request.environment.map { "\($0.name)=\($0.value)" })
        let folder = request.folder.map { CStrings([$0]) }
        var descriptor: Int32 = -1
        var step: UnsafePointer<CChar>?
        let pid = program.withCString { program in
            var spawn = halfopen_spawn()
            spawn.program = program
            spawn.arguments = UnsafePointer(arguments.pointer)
            spawn.environment = UnsafePointer(environment.pointer)
            spawn.folder = folder.flatMap { UnsafePointer($0.pointer[0]) }
            spawn.input = request.input
            spawn.output = request.output
            spawn.error = request.error
            spawn.keep = request.keep
            spawn.network_namespace = request.networkNamespace
            spawn.processor = request.processor
            spawn.namespaces = request.namespaces
            spawn.own_session = request.ownSession
            spawn.stopped = request.startsStopped
            spawn.fixed_addresses = request.fixedAddresses
            return halfopen_spawn(&spawn, &descriptor, &step)
        }
        guard pid > 0 else {
            let code = errno
            throw SystemError((step.map { String(cString: $0) } ?? "start") + " for", program, code: code)
        }
        self.pid = pid
        self.descriptor = Descriptor(owning: descriptor)
    }

    /// Nil while it runs. Collects its ending, so answers once.
    package borrowing func ending() -> Ending? {
        var status: Int32 = 0
        guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
        return ChildProcess.ending(of: status)
    }

    package static func ending(of status: Int32) -> Ending {
        halfopen_exited(status)
            ? .exited(halfopen_exit_status(status)) : .killed(signal: halfopen_exit_signal(status))
    }

    /// The absolute path of a program; a relative path with a slash counts from `folder`.
    package static func locate(_ name: String, folder: String?) throws(SystemError) -> String {
        if name.hasPrefix("/") { return name }
        if name.contains("/") { return folder.map { "\($0)/\(name)" } ?? name }
        for place in searchPath where access("\(place)/\(name)", X_OK) == 0 { return "\(place)/\(name)" }
        throw SystemError("find the program", name, code: ENOENT)
    }
}

/// A NULL-terminated array of C strings that lives as long as this object.
private final class CStrings {
    let pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    init(_ strings: [String]) {
        count = strings.count
        pointer = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointer[index] = strdup(string) }
        pointer[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointer[index]) }
        pointer.deallocate()
    }
}
