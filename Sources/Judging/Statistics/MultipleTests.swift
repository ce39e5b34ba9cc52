/// Several tests of one thing find something by chance more often than one does.
package enum MultipleTests {
    /// Holm's correction: each probability as it counts when all were tested ("A simple sequentially rejective multiple
    /// test procedure", 1979), in the order given.
    package static func corrected(_ probabilities: [Double]) -> [Double] {
        let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
        var corrected = probabilities
        var largest = 0.0
        for (rank, index) in order.enumerated() {
            largest = max(largest, min(probabilities[index] * Double(probabilities.count - rank), 1))
            corrected[index] = largest
        }
        return corrected
    }
}
