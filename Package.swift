// swift-tools-version: 6.1
// Halfopen: three rings. Imports run inward only; Tests/TidyTests holds that.
//   pure       JSONLines Scenarios Recordings Judging Reporting
//   effectful  Kernel Netlink Nftables Labs Faults Actors Probes LabKernel ReferenceFeed History
//   top        Running halfopen bench
import PackageDescription

let package = Package(
    name: "halfopen",
    products: [.executable(name: "halfopen", targets: ["halfopen"])],
    targets: [
        // The C edge: module maps for Debian's libraries, and shims where Swift cannot call C directly.
        .target(name: "CLinux"),
        .systemLibrary(name: "CLibNL", pkgConfig: "libnl-3.0", providers: [.apt(["libnl-3-dev"])]),
        .target(name: "CNetlink", dependencies: ["CLibNL", "CLinux"]),
        .target(name: "CNftables", dependencies: ["CLinux"], linkerSettings: [.linkedLibrary("nftables")]),
        .target(name: "COpenSSL", linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
        // Style and script of HTML reports, carried by the binary.
        .target(name: "CPage"),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

        // Pure ring: no system calls.
        .target(name: "JSONLines"),
        .target(name: "Scenarios", dependencies: ["JSONLines", "CYAML"]),
        .target(name: "Recordings", dependencies: ["JSONLines"]),
        .target(name: "Judging", dependencies: ["JSONLines", "Scenarios", "Recordings"]),
        .target(name: "Reporting", dependencies: ["CPage", "JSONLines", "Scenarios", "Recordings", "Judging"]),

        // Effectful ring.
        .target(name: "Kernel", dependencies: ["CLinux", "COpenSSL"]),
        .target(name: "Netlink", dependencies: ["Kernel", "CLinux", "CLibNL", "CNetlink"]),
        // For tests and benchmarks only: starting the library costs each guest 4 ms, and a rule through it 300 us.
        .target(name: "Nftables", dependencies: ["Kernel", "Netlink", "CNftables"]),
        .target(name: "Labs", dependencies: ["Kernel", "CLinux", "COpenSSL", "Netlink", "Scenarios"]),
        .target(name: "Actors", dependencies: ["Kernel", "JSONLines", "Scenarios", "Recordings"]),
        .target(
            name: "Faults", dependencies: ["JSONLines", "Kernel", "CLinux", "Netlink", "Labs", "Actors", "Scenarios"]),
        .target(name: "Probes", dependencies: ["Kernel", "CLinux", "Netlink", "Recordings"]),
        .target(name: "LabKernel", dependencies: ["Kernel", "CLinux"]),
        .target(
            name: "ReferenceFeed", dependencies: ["Kernel", "CLinux", "COpenSSL", "JSONLines", "Scenarios"]),
        .target(name: "History", dependencies: ["CSQLite", "JSONLines", "Judging", "Kernel", "Reporting"]),

        // Top ring.
        .target(
            name: "Running",
            dependencies: [
                "JSONLines", "Scenarios", "Recordings", "Judging", "Reporting", "Kernel", "CLinux", "Netlink", "Labs",
                "Faults", "Actors", "Probes", "LabKernel",
            ]),
        .executableTarget(
            name: "halfopen",
            dependencies: [
                "History", "JSONLines", "Scenarios", "Recordings", "Judging", "Reporting", "Kernel", "LabKernel",
                "ReferenceFeed", "Running",
            ]),
        .executableTarget(
            name: "bench",
            dependencies: [
                "JSONLines", "Scenarios", "Recordings", "Judging", "Kernel", "Netlink", "Labs", "LabKernel",
                "Running",
            ]),

        .testTarget(name: "JSONLinesTests", dependencies: ["JSONLines"]),
        .testTarget(name: "ScenariosTests", dependencies: ["JSONLines", "Scenarios"]),
        .testTarget(name: "RecordingsTests", dependencies: ["JSONLines", "Recordings"]),
        .testTarget(name: "JudgingTests", dependencies: ["JSONLines", "Scenarios", "Recordings", "Judging"]),
        .testTarget(
            name: "ReportingTests", dependencies: ["JSONLines", "Scenarios", "Recordings", "Judging", "Reporting"],
            exclude: ["Snapshots", "Checks"]),
        .testTarget(name: "ActorsTests", dependencies: ["JSONLines", "Recordings", "Kernel", "Actors"]),
        .testTarget(name: "ProbesTests", dependencies: ["Recordings", "Probes"]),
        .testTarget(
            name: "RunningTests",
            dependencies: ["Kernel", "Scenarios", "Recordings", "Reporting", "LabKernel", "Running"]),
        .testTarget(
            name: "ReferenceFeedTests", dependencies: ["JSONLines", "Kernel", "CLinux", "COpenSSL", "ReferenceFeed"]),
        // What ships beside the binary: helpers for drivers, the protocol's page, scenarios.
        .testTarget(
            name: "ShippedTests",
            dependencies: ["JSONLines", "Scenarios", "Recordings", "Judging", "Actors", "Faults", "Running"]),
        .testTarget(
            name: "HistoryTests", dependencies: ["Judging", "Reporting", "History"], exclude: ["version-1.sql"]),
        .testTarget(name: "TidyTests", dependencies: ["Scenarios", "Running"]),
        // What README and docs say, held against the program.
        .testTarget(
            name: "DocsTests", dependencies: ["JSONLines", "Scenarios", "Running"], exclude: ["yaml_as_json.py"]),
        // Everything that needs a kernel; `make test` runs this bundle inside the lab kernel.
        .testTarget(
            name: "KernelTests",
            dependencies: [
                "CLinux", "CNetlink", "JSONLines", "Kernel", "Scenarios", "Recordings", "Netlink", "Nftables", "Labs",
                "Faults", "Actors", "Probes", "LabKernel", "Running", "Judging",
                "Reporting",
            ]),
        // The built command line, from outside: verdicts, exit codes, messages, nothing left behind.
        .testTarget(name: "CommandTests", dependencies: ["JSONLines"], exclude: ["terminal.py"]),
    ]
)
