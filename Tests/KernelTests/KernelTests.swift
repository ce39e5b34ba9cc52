import Glibc
import Kernel
import Testing

/// All that needs a kernel of its own. `make test` runs these inside the lab kernel, as its root, one after the other;
/// elsewhere they do not run: on a host they would take real time, and rights that a developer need not have.
/// HALFOPEN_KERNEL_TESTS=1 runs them all the same, as root or under `unshare -Urn`: for `HostLabTests`.
@Suite(.serialized, .enabled(if: isInLabKernel || isWanted, "runs inside the lab kernel: make test"))
enum KernelTests {}

// Outside of the suite: its own attribute cannot refer to its members.

let isInLabKernel = Files.text("/proc/cmdline")?.contains("time-travel=") ?? false
private let isWanted = getenv("HALFOPEN_KERNEL_TESTS") != nil
