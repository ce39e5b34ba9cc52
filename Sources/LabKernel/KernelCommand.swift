import Glibc
import Kernel

/// `halfopen kernel build|status|exec`: the lab kernel by itself.
package enum KernelCommand {
    package static let help = """
        usage: halfopen kernel build
               halfopen kernel status
               halfopen kernel exec [--seed N] [--memory MIB] [--writable FOLDER] [--lab host] [--patience SECONDS]
                                    -- COMMAND...

          build   builds the lab kernel into the cache, unless it stands there already
          status  tells which lab kernel this binary uses, and whether it can
          exec    runs COMMAND in the lab kernel, as root there: virtual time, the host's files read-only,
                  FOLDER (any number) writable; its output and exit status are COMMAND's

        """

    /// `arguments` without `kernel`. Returns the exit status.
    package static func run(_ arguments: [String], keeper: Keeper) -> Int32 {
        do {
            switch arguments.first {
            case "build" where arguments.count == 1: try build(keeper)
            case "status" where arguments.count == 1: return status()
            case "exec":
                guard let request = ExecRequest(Array(arguments.dropFirst())) else { return usage() }
                return try ExecHost(request, keeper: keeper).run()
            case "--help", "-h", "help": write(help, to: 1)
            default: return usage()
            }
            return 0
        } catch let error as LabKernelError {
            write("halfopen: \(error)\n", to: 2)
            return error.exitCode
        } catch {
            write("halfopen: \(error)\n", to: 2)
            return 70
        }
    }

    private static func usage() -> Int32 {
        write(help, to: 2)
        return 64
    }

    private static func build(_ keeper: Keeper) throws {
        let build = LabKernelBuild(keeper: keeper) { write("lab kernel: \($0)\n", to: 2) }
        let kernel = try build.run()
        write("lab kernel: Linux \(kernel.version) is ready in \(kernel.folder)\n", to: 2)
    }

    /// Exit status 0 when there is one to use, else 69.
    private static func status() -> Int32 {
        let (text, isUsable) = statusText()
        write(text, to: 1)
        return isUsable ? 0 : 69
    }

    /// What `kernel status` prints, and whether there is a kernel to use.
    package static func statusText() -> (text: String, isUsable: Bool) {
        var text = "key      \(LabKernelSource.key)\n"
        if let kernel = LabKernelCache.find() {
            var status = stat()
            stat(kernel.kernel, &status)
            let size = status.st_size >> 10
            text += "usable   yes\nlinux    \(kernel.version) (\(LabKernelSource.package) \(kernel.packageVersion))\n"
            text += "folder   \(kernel.folder)\nsize     \(size) KiB\n"
            return (text, true)
        }
        text += "usable   no: \(reasonForNone())\nsearched \(LabKernelCache.folders.joined(separator: ", "))\n"
        return (text, false)
    }

    private static func reasonForNone() -> String {
        for folder in LabKernelCache.folders {
            for candidate in LabKernelCache.candidates(in: folder) {
                if case .failure(let reason) = LabKernelCache.load(candidate) { return "\(candidate): \(reason)" }
            }
        }
        return "it is not built yet; `halfopen kernel build` builds it"
    }

    /// The kernel to use.
    package static func demand() throws -> InstalledKernel {
        guard let kernel = LabKernelCache.find() else {
            throw LabKernelError(.missing, "no lab kernel: \(reasonForNone())")
        }
        return kernel
    }

    static func write(_ text: String, to descriptor: Int32) {
        try? Kernel.write(descriptor, Array(text.utf8))
    }
}

/// What `kernel exec` was asked for.
package struct ExecRequest: Equatable {
    package var seed: UInt64 = 0
    /// Bytes.
    package var memory: Int64 = 1 << 30
    package var writable: [String] = []
    package var isVirtual = true
    /// Seconds of wall time without virtual time, after which the guest is ended.
    package var patience: Int64 = 60
    package var command: [String]

    /// Nil when the arguments are not as the usage says.
    package init?(_ arguments: [String]) {
        command = []
        var rest = arguments[...]
        while let option = rest.popFirst(), option != "--" {
            guard let value = rest.popFirst() else { return nil }
            switch option {
            case "--seed":
                guard let number = UInt64(value) else { return nil }
                seed = number
            case "--memory":
                guard let number = Int64(value), (64...1 << 20).contains(number) else { return nil }
                memory = number << 20
            case "--patience":
                guard let number = Int64(value), (1...86_400).contains(number) else { return nil }
                patience = number
            case "--writable": writable.append(value)
            case "--lab":
                guard value == "host" || value == "virtual" else { return nil }
                isVirtual = value == "virtual"
            default: return nil
            }
        }
        command = Array(rest)
        if command.isEmpty { return nil }
    }
}
