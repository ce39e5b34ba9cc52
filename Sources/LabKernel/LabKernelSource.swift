import CLinux
import Kernel

/// What the binary knows of the lab kernel: its configuration, its patches and the library preloaded into it, carried
/// as text (the files in lab-kernel/), and the key they make.
package enum LabKernelSource {
    package static var configuration: String { String(cString: halfopen_lab_config_text()) }
    package static var seedLibrary: String { String(cString: halfopen_lab_seed_text()) }
    /// As patch(1) takes them, with `-p1`.
    package static var patches: String { String(cString: halfopen_lab_patches_text()) }

    /// Debian's package, and the file it puts on the machine.
    package static let package = "linux-source-6.12"
    package static let archive = "/usr/src/linux-source-6.12.tar.xz"

    /// Raised when the recipe below the configuration changes what is built.
    private static let recipe = 1

    /// 16 hexadecimal digits: a kernel in a cache is ours when its folder ends with them. The source's own version is
    /// not part of it (a machine without the source has only the cache); of several the newest is used.
    package static let key: String = {
        let text = "recipe \(recipe)\n\(configuration)\u{0}\(patches)\u{0}\(seedLibrary)"
        return String(Digest.sha256(Array(text.utf8)).prefix(16))
    }()

    /// Options that the configuration asks for, as lines of a .config: `CONFIG_X=y`.
    package static var options: [String] {
        configuration.split(separator: "\n").map(String.init).filter { $0.hasPrefix("CONFIG_") }
    }
}
