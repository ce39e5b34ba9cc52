import Glibc
import LabKernel

let arguments = Array(CommandLine.arguments.dropFirst())

switch arguments.first {
case "guest":
    do {
        let orders = try GuestInit.start(Array(arguments.dropFirst()))
        if orders.arguments.first == ExecGuest.word { ExecGuest.run(orders) }
        GuestInit.tell("unknown orders: \(orders.arguments)")
        GuestInit.end(orders)
    } catch {
        GuestInit.tell("\(error)")
        exit(70)
    }
case "kernel":
    exit(KernelCommand.run(Array(arguments.dropFirst()), keeper: try Keeper()))
default:
    print(KernelCommand.help)
    exit(64)
}
