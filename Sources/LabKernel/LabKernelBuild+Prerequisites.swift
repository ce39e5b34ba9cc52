import Glibc
import Kernel

extension LabKernelBuild {
    /// What a build needs, Debian's package that has it, and the file to look for, when it is not a program.
    private static let needed: [(what: String, package: String, file: String?)] = [
        (LabKernelSource.archive, LabKernelSource.package, LabKernelSource.archive),
        ("flex", "flex", nil),
        ("bison", "bison", nil),
        ("bc", "bc", nil),
        ("gcc", "gcc", nil),
        ("the C library's headers", "libc6-dev", "/usr/include/stdio.h"),
        ("make", "make", nil),
        ("patch", "patch", nil),
        ("xz", "xz-utils", nil),
        ("libelf's headers", "libelf-dev", "/usr/include/libelf.h"),
    ]

    private static func has(_ program: String) -> Bool {
        (try? ChildProcess.locate(program, folder: nil)) != nil
    }

    /// All that is missing, at once.
    func demandPrerequisites() throws {
        let missing = LabKernelBuild.needed.filter { !($0.file.map(Files.exists) ?? LabKernelBuild.has($0.what)) }
        guard !missing.isEmpty else { return }
        throw LabKernelError(
            .missing,
            "the lab kernel cannot be built here: \(missing.map(\.what).joined(separator: ", ")) missing. "
                + "Install with\n"
                + "    apt-get install --no-install-recommends \(missing.map(\.package).joined(separator: " "))")
    }

    /// The unpacked and compiled source took 1.8 GB when this was written.
    func demandRoom() throws {
        var room = statvfs()
        guard statvfs(cache, &room) == 0 else { return }
        let free = Int64(room.f_bavail) * Int64(room.f_frsize)
        guard free < 2 << 30 else { return }
        throw LabKernelError(
            .missing,
            "the build of the lab kernel needs 2 GiB in \(cache) while it lasts, and \(free >> 20) MiB are free. "
                + "Name another folder in the environment variable HALFOPEN_CACHE.")
    }

    /// The version of the source package that is installed, from dpkg's own list; nil when it is not installed.
    static var installedPackageVersion: String? {
        guard Files.exists(LabKernelSource.archive), let status = Files.text("/var/lib/dpkg/status") else { return nil }
        var isOurs = false
        for line in status.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("Package: ") {
                isOurs = line == "Package: \(LabKernelSource.package)"
            } else if isOurs, line.hasPrefix("Version: ") {
                return String(line.dropFirst("Version: ".count))
            }
        }
        return nil
    }
}
