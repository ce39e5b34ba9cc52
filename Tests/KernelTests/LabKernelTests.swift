import Glibc
import Kernel
import Testing

@testable import LabKernel

extension KernelTests {
    /// The decisions of the lab kernel's module: what needs no guest.
    @Suite struct LabKernelTests {
        // MARK: Orders

        @Test func `orders arrive as they were given, whatever text is in them`() {
            let orders = GuestOrders(
                lab: .virtual, runFolder: "/a b/=c", arguments: ["play", "", "two\nlines", "a=b", "é"],
                visibleFolders: ["/tmp/x"], writableFolders: ["/w", "/v"])
            #expect(GuestOrders.decode(orders.encoded, lab: .virtual) == orders)
        }

        @Test(arguments: ["", "run=/x", "nonsense\u{0}run=/x\u{0}", "argument=a\u{0}", "colour=red\u{0}run=/x\u{0}"])
        func `what are not orders is refused`(text: String) {
            #expect(GuestOrders.decode(Array(text.utf8), lab: .virtual) == nil)
        }

        // MARK: exec's arguments

        @Test func `exec takes its options before the dashes, and the command after them`() throws {
            let words = ["--seed", "7", "--memory", "256", "--writable", "/w", "--patience", "3", "--", "ls", "--seed"]
            let request = try #require(ExecRequest(words))
            #expect(request.seed == 7)
            #expect(request.memory == 256 << 20)
            #expect(request.writable == ["/w"])
            #expect(request.patience == 3)
            #expect(request.isVirtual)
            #expect(request.command == ["ls", "--seed"])
        }

        @Test(arguments: [
            [], ["--"], ["--seed", "1"], ["--seed", "-1", "--", "ls"], ["--memory", "1", "--", "ls"],
            ["--colour", "red", "--", "ls"], ["ls", "x"], ["--lab", "moon", "--", "ls"],
        ])
        func `exec refuses what it does not know`(words: [String]) { #expect(ExecRequest(words) == nil) }

        // MARK: The cache

        @Test func `versions are compared by their numbers`() {
            #expect(LabKernelCache.isOlder("6.12.9", "6.12.10"))
            #expect(!LabKernelCache.isOlder("6.12.10", "6.12.9"))
            #expect(!LabKernelCache.isOlder("6.12.9", "6.12.9"))
            #expect(LabKernelCache.isOlder("6.12", "6.12.1"))
        }

        @Test func `a kernel in the cache is used when it is whole`() throws {
            let folder = "/tmp/cache/6.12.1-\(LabKernelSource.key)"
            defer { Files.remove("/tmp/cache") }
            try Files.makeFolder(folder)
            #expect(reason(folder) == "it has no readable manifest")
            try Files.write("\(folder)/manifest", "linux 6.12.1\n")
            #expect(reason(folder) == "its manifest is incomplete")
            try Files.write("\(folder)/manifest", "linux 6.12.1\npackage 6.12.1-1\nclock 60ab\n")
            #expect(reason(folder)?.hasSuffix("cannot be executed by this user") == true)
            try Files.write("\(folder)/linux", "")
            chmod("\(folder)/linux", 0o755)
            #expect(reason(folder)?.hasSuffix("seed.so cannot be read by this user") == true)
            try Files.write("\(folder)/seed.so", "")
            let kernel = try LabKernelCache.load(folder).get()
            #expect(kernel.version == "6.12.1")
            #expect(kernel.packageVersion == "6.12.1-1")
            #expect(kernel.clockAddress == 0x60ab)
            #expect(LabKernelCache.candidates(in: "/tmp/cache") == [folder])
        }

        private func reason(_ folder: String) -> String? {
            if case .failure(let reason) = LabKernelCache.load(folder) { return reason.description }
            return nil
        }

        @Test func `the binary carries the configuration, and the key follows it`() {
            #expect(LabKernelSource.options.contains("CONFIG_UML_TIME_TRAVEL_SUPPORT=y"))
            #expect(LabKernelSource.seedLibrary.contains("ssize_t getrandom("))
            #expect(LabKernelSource.key.count == 16)
            let isHexadecimal = LabKernelSource.key.allSatisfy(\.isHexDigit)
            #expect(isHexadecimal)
        }

        // MARK: Processors

        @Test func `a processor is held by one lab, and again free after it`() {
            let allowed = Processor.allowed
            #expect(!allowed.isEmpty)
            do {
                let first = Processor.claim()
                let second = Processor.claim()
                let (held, other) = ((first.number, first.isHeld), (second.number, second.isHeld))
                #expect(held.1)
                #expect(allowed.contains(other.0))
                #expect(allowed.count == 1 ? !other.1 : other.0 != held.0)
            }
            let isFree = Processor.claim().isHeld
            #expect(isFree)
        }
    }
}
