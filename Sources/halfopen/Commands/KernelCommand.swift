import LabKernel

extension Command {
    /// Its words are not ours alone: what follows `--` is a program with options of its own.
    static let kernel = Command(
        name: "kernel", operands: "build|status|exec [-- COMMAND...]",
        summary: "Builds the lab kernel, tells where it is, or runs a command in it.", details: "",
        run: { _ in .usage }, passThrough: { words in KernelCommand.run(words, keeper: try Keeper()) })
}
