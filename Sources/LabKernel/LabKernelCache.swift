import Glibc
import Kernel

/// A lab kernel that stands in a cache folder.
package struct InstalledKernel: Sendable, Equatable {
    package var folder: String
    /// Of Linux: "6.12.95".
    package var version: String
    /// Of Debian's source package it was built from; empty when that was unknown.
    package var packageVersion: String
    /// Where the kernel keeps the address of its virtual time: both are addresses in its own process.
    package var clockAddress: UInt64

    package var kernel: String { "\(folder)/linux" }
    package var seedLibrary: String { "\(folder)/seed.so" }
    package var manifest: String { "\(folder)/manifest" }
    package var buildLog: String { "\(folder)/build.log" }
}

/// Where built lab kernels are kept: one folder each, named after Linux's version and our key.
package enum LabKernelCache {
    private static let common = "/var/cache/halfopen"

    /// In the order they are searched. Who names a cache means that one and no other.
    package static var folders: [String] {
        if let folder = variable("HALFOPEN_CACHE") { return [folder] }
        return [variable("XDG_CACHE_HOME").map { "\($0)/halfopen" }, ofUser, common].compactMap { $0 }
    }

    /// Where a new one goes: for root the folder that every user of the machine finds.
    package static var folderForBuilding: String {
        if let folder = variable("HALFOPEN_CACHE") { return folder }
        if geteuid() == 0 { return common }
        return variable("XDG_CACHE_HOME").map { "\($0)/halfopen" } ?? ofUser ?? common
    }

    private static var ofUser: String? { variable("HOME").map { "\($0)/.cache/halfopen" } }

    /// Absolute values only: a relative one would mean another folder in each working folder. The keeper reads lines.
    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name).map({ String(cString: $0) }) else { return nil }
        return value.hasPrefix("/") && !value.contains("\n") ? value : nil
    }

    /// The kernel to use: in the first folder that has one with our key, the newest.
    package static func find() -> InstalledKernel? {
        for folder in folders {
            let usable = candidates(in: folder).compactMap { try? load($0).get() }
            if let newest = usable.max(by: { isOlder($0.version, $1.version) }) { return newest }
        }
        return nil
    }

    /// Folders with our key, whether usable or not.
    package static func candidates(in folder: String) -> [String] {
        let names = (try? Files.list(folder)) ?? []
        return names.filter { $0.hasSuffix("-\(LabKernelSource.key)") && !$0.hasPrefix(".") }.map { "\(folder)/\($0)" }
    }

    /// Why one cannot be used.
    package struct Unusable: Error, CustomStringConvertible {
        package var description: String
    }

    package static func load(_ folder: String) -> Result<InstalledKernel, Unusable> {
        guard let text = Files.text("\(folder)/manifest") else {
            return .failure(Unusable(description: "it has no readable manifest"))
        }
        var fields: [Substring: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1)
            if parts.count == 2 { fields[parts[0]] = String(parts[1]) }
        }
        guard let version = fields["linux"], let clock = fields["clock"].flatMap({ UInt64($0, radix: 16) }) else {
            return .failure(Unusable(description: "its manifest is incomplete"))
        }
        let kernel = InstalledKernel(
            folder: folder, version: version, packageVersion: fields["package"] ?? "", clockAddress: clock)
        if access(kernel.kernel, R_OK | X_OK) != 0 {
            return .failure(Unusable(description: "\(kernel.kernel) cannot be executed by this user"))
        }
        if access(kernel.seedLibrary, R_OK) != 0 {
            return .failure(Unusable(description: "\(kernel.seedLibrary) cannot be read by this user"))
        }
        return .success(kernel)
    }

    /// By the numbers in them: 6.12.9 before 6.12.10.
    package static func isOlder(_ one: String, _ other: String) -> Bool {
        func numbers(_ text: String) -> [Int] { text.split { !$0.isNumber }.map { Int($0) ?? 0 } }
        return numbers(one).lexicographicallyPrecedes(numbers(other))
    }
}
