import Kernel
import Labs

/// What faults act on: the lab and the actors in it. The engine provides it. Names were checked: an unknown one is our
/// own bug.
package protocol FaultField: AnyObject {
    /// Descriptor of a host's network namespace; open as long as the lab stands.
    func namespace(of host: String) -> Int32
    func link(_ name: String) -> Wire
    func router(_ name: String) -> NATRouter
    var actors: any ActorControl { get }
    /// Everything that stands: hosts, wires, routers.
    var lab: Lab { get }
    /// The run's seed; a fault that draws lots derives its own from it and its place in the timeline (`Seed.derived`).
    var seed: UInt64 { get }
    /// Calls `body` once, `delay` from now, on the engine's thread: for faults that act again and again while they
    /// last. What it throws ends the run, as an error in `strike` does. Cancel what is left in `heal`.
    func after(_ delay: Duration, _ body: @escaping () throws -> Void) -> EventLoop.Token
    /// Calls `body` whenever the descriptor is readable, until it is cancelled; for faults that listen to the kernel.
    func watch(_ descriptor: Int32, _ body: @escaping () throws -> Void) throws -> EventLoop.Token
    func cancel(_ token: EventLoop.Token)
}

/// What faults may do with actors.
package protocol ActorControl: AnyObject {
    /// Every live process of every instance, children included, in the order of their numbers.
    func processes(of actor: String) -> [Int32]
    /// The host that it runs on.
    func host(of actor: String) -> String
    /// Sends the signal to every live process of every instance.
    func signal(_ actor: String, _ signal: Int32) throws
    /// The end that comes is a fault's doing, not the actor's failure.
    func expectEnd(of actor: String)
    /// Starts every instance again, so long from now.
    func restart(_ actor: String, after delay: Duration)
}
