import JSONLines
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
    /// Does `change`, which moves CLOCK_REALTIME by so much, so that stamps in real time are read rightly before and
    /// after.
    func moveClock(by step: Duration, _ change: () throws -> Void) throws
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
    /// Who holds which actors still.
    var holds: ActorHolds { get }
    /// The actors that run on a host, in the order of the scenario.
    func actors(on host: String) -> [String]
    /// Asks every instance to end, as an operator does: SIGTERM, and SIGKILL to what is left after its `stop-within`.
    /// The end is expected.
    func terminate(_ actor: String)
    /// Starts every instance that has ended; each stands still before its first instruction while the actor is held.
    func start(_ actor: String)
    /// Every instance runs and is ready, as its plan says.
    func isReady(_ actor: String) -> Bool
    /// The first process of every instance that lives.
    func leaders(of actor: String) -> [Int32]
    /// Where each instance starts, where it may write, and where its log is kept, with all that it has said so far.
    func places(of actor: String) -> [ActorPlaces]
    /// Switches a fault that the actor's driver makes itself on or off (docs/driver-protocol.md).
    func send(_ actor: String, fault: String, on isOn: Bool, _ fields: [JSON.Member])
    /// Why the actor cannot be told to make this fault; nil when every instance has named it in its hello.
    func objection(of actor: String, toFault name: String) -> String?
    /// How often a fault of the drivers' own has hit since it was switched on, all instances together.
    func ownHits(of actor: String, fault: String) -> Int64
}

/// Where an instance of an actor starts, where it may write, and where its log is kept: absolute paths.
package struct ActorPlaces: Equatable, Sendable {
    package var folder: String
    package var work: String
    package var log: String

    package init(folder: String, work: String, log: String) {
        self.folder = folder
        self.work = work
        self.log = log
    }
}
