import Kernel
import Recordings

/// Resources of actors' process trees, from /proc.
package enum ProcessSampler {
    /// What memory is rounded up to, bytes. A runtime keeps a page more or less for things that no run is to depend on:
    /// the entries of the folder it was started in, the length of a path.
    static let memoryStep: Int64 = 1 << 20

    /// One sample for each instance that lives.
    package static func sample(_ instances: [ActorProcess]) -> [ProcessSample] {
        let live = instances.filter { $0.leader != 0 && $0.state != .ended }
        guard let lowest = live.map(\.leader).min() else { return [] }
        let bySession = Dictionary(grouping: ProcessTable.entries(from: lowest)) { $0.session }
        return live.compactMap { actor in
            guard let members = bySession[actor.leader] else { return nil }
            return ProcessSample(
                actor.instance, cpu: members.reduce(0) { $0 + $1.cpu },
                memory: rounded(members.reduce(0) { $0 + $1.memory }),
                descriptors: members.reduce(0) { $0 + ProcessTable.descriptors(of: $1.pid) },
                threads: members.reduce(0) { $0 + $1.threads },
                wakeups: members.reduce(0) { $0 + ProcessTable.wakeups(of: $1.pid) })
        }
    }

    /// Which of the instances holds each of these sockets, by inode.
    package static func holders(of sockets: Set<UInt32>, among instances: [ActorProcess]) -> [UInt32: Instance] {
        let live = instances.filter { $0.leader != 0 && $0.state != .ended }
        guard let lowest = live.map(\.leader).min() else { return [:] }
        let bySession = Dictionary(grouping: ProcessTable.entries(from: lowest)) { $0.session }
        var holders: [UInt32: Instance] = [:]
        for actor in live {
            for member in bySession[actor.leader] ?? [] {
                for (_, inode) in ProcessTable.sockets(of: member.pid) where sockets.contains(inode) {
                    holders[inode] = holders[inode] ?? actor.instance
                }
                if holders.count == sockets.count { return holders }
            }
        }
        return holders
    }

    private static func rounded(_ memory: Int64) -> Int64 { (memory + memoryStep - 1) / memoryStep * memoryStep }
}
