import Recordings

/// Resources of actors' process trees, from /proc.
package enum ProcessSampler {
    /// One sample for each instance that lives.
    package static func sample(_ instances: [ActorProcess]) -> [ProcessSample] {
        let live = instances.filter { $0.leader != 0 && $0.state != .ended }
        guard let lowest = live.map(\.leader).min() else { return [] }
        let bySession = Dictionary(grouping: ProcessTable.entries(from: lowest)) { $0.session }
        return live.compactMap { actor in
            guard let members = bySession[actor.leader] else { return nil }
            return ProcessSample(
                actor.instance, cpu: members.reduce(0) { $0 + $1.cpu }, memory: members.reduce(0) { $0 + $1.memory },
                descriptors: members.reduce(0) { $0 + ProcessTable.descriptors(of: $1.pid) },
                threads: members.reduce(0) { $0 + $1.threads })
        }
    }
}
