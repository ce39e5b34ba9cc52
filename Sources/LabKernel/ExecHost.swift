import Glibc
import Kernel

/// The host half of `kernel exec`: boots, passes output on, and answers with the command's exit status.
struct ExecHost {
    private let request: ExecRequest
    private let keeper: Keeper
    private let loop: EventLoop

    init(_ request: ExecRequest, keeper: Keeper) throws {
        self.request = request
        self.keeper = keeper
        loop = try EventLoop()
    }

    func run() throws -> Int32 {
        let processor = Processor.claim()
        let guest = try boot(on: processor.number)
        defer {
            guest.terminate()
            guest.waitForEnd()
            guest.cleanUp()
        }
        var outputs = [OutputTail(guest, "stdout", to: 1), OutputTail(guest, "stderr", to: 2)]
        let report = try wait(for: guest) { for index in outputs.indices { outputs[index].forward() } }
        for index in outputs.indices { outputs[index].forward() }
        if let report { throw LabKernelError(.failed, report.description) }
        return try exitStatus(guest)
    }

    private func boot(on processor: Int32) throws -> Guest {
        var buffer = [CChar](repeating: 0, count: 4096)
        guard getcwd(&buffer, buffer.count) != nil else { throw SystemError("find", "the working folder") }
        let folder = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        var options = GuestOptions(program: "/proc/self/exe", arguments: [ExecGuest.word, folder] + request.command)
        options.seed = request.seed
        options.memory = request.memory
        options.processor = processor
        options.writableFolders = request.writable
        options.visibleFolders = [folder]
        // A program below a folder that the lab hides.
        if let program = request.command.first, program.contains("/") {
            let path = try Files.resolve(program)
            options.visibleFolders.append(Files.parent(of: path))
        }
        return request.isVirtual
            ? try LabKernel.boot(options, on: try KernelCommand.demand(), keeper: keeper)
            : try HostLab.boot(options, keeper: keeper)
    }

    /// Until it has ended. Returns what the watchdog found when it ended it.
    private func wait(for guest: Guest, _ forward: @escaping () -> Void) throws -> StallReport? {
        var watcher = GuestWatcher(guest, patience: .seconds(request.patience))
        let console = try loop.watch(guest.console) { [loop] in if !guest.readConsole() { loop.stop() } }
        let end = try loop.watch(guest.descriptor) { [loop] in loop.stop() }
        var report: StallReport?
        var turns = 0
        func look() {
            forward()
            // A look costs more than forwarding.
            if turns % 10 == 0 { report = watcher.look() }
            turns += 1
            if report != nil { loop.stop() } else { loop.after(.milliseconds(20), look) }
        }
        look()
        try loop.run()
        loop.cancel(console)
        loop.cancel(end)
        if report != nil { guest.terminate() }
        guest.waitForEnd()
        return report
    }

    private func exitStatus(_ guest: Guest) throws -> Int32 {
        guard let text = Files.text("\(guest.runFolder)/status"), let status = Int32(text) else {
            throw LabKernelError(
                .failed,
                "the lab ended before the command did. Last on its console:\n"
                    + guest.consoleTail().joined(separator: "\n"))
        }
        return status
    }
}

/// Passes on what a file in the run folder gets.
private struct OutputTail {
    private let path: String
    private let target: Int32
    private var offset: off_t = 0

    init(_ guest: Guest, _ name: String, to target: Int32) {
        path = "\(guest.runFolder)/\(name)"
        self.target = target
    }

    mutating func forward() {
        guard let file = try? Descriptor.open(path, O_RDONLY) else { return }
        lseek(file.raw, offset, SEEK_SET)
        while let part = try? file.read(), !part.isEmpty {
            offset += off_t(part.count)
            try? Kernel.write(target, part)
        }
    }
}
