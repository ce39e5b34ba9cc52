import CLinux
import Glibc
import Kernel

/// The same lab on the host's kernel, in real time: the guest half as the first process of namespaces of its own, in a
/// user namespace when this user is not root.
package enum HostLab {
    /// Starts it, with the same program, arguments and folders as a virtual lab. It dies with the calling thread.
    package static func boot(_ options: GuestOptions, keeper: Keeper) throws -> Guest {
        let folder = try PrivateFolder(memory: 1 << 20, keeper: keeper)
        do {
            let runFolder = try LabKernel.prepare(folder, options, lab: .host)
            var request = SpawnRequest(
                program: try Files.resolve(options.program), arguments: ["guest", LabKind.host.rawValue, folder.path],
                environment: [("PATH", ChildProcess.searchPath.joined(separator: ":"))], input: -1, output: -1,
                error: -1)
            request.namespaces = halfopen_lab_namespaces() | (geteuid() == 0 ? 0 : halfopen_user_namespace())
            return try LabKernel.start(
                &request, options, folder, runFolder, clockAddress: nil, keeper: keeper)
        } catch {
            folder.remove()
            guard let error = error as? SystemError, error.attempt.hasPrefix("start a process") else { throw error }
            throw LabKernelError(
                .missing,
                "\(error). The host lab needs namespaces that this machine does not let this user make; "
                    + "the virtual lab (--lab virtual) does not.")
        }
    }
}
