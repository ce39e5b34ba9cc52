import Recordings

/// Resources of actors' process trees, from /proc.
package enum ProcessSampler {
    /// One sample for each instance that lives.
    package static func sample(_ instances: [ActorProcess]) -> [ProcessSample] {
        let bySession = Dictionary(grouping: ProcessTable.entries()) { $0.session }
        return instances.compactMap { actor in
            guard actor.leader != 0, let members = bySession[actor.leader], actor.state != .ended else { return nil }
            return ProcessSample(
                actor.instance, cpu: members.reduce(0) { $0 + $1.cpu }, memory: members.reduce(0) { $0 + $1.memory },
                descriptors: members.reduce(0) { $0 + ProcessTable.descriptors(of: $1.pid) },
                threads: members.reduce(0) { $0 + $1.threads })
        }
    }
}
