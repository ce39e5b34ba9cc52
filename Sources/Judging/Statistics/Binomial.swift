/// The binomial distribution.
enum Binomial {
    /// Probability of at least `successes` among `trials`, each with `probability` (0...1). Exact: every term is added.
    static func atLeast(_ successes: Int, of trials: Int, probability: Double) -> Double {
        guard successes > 0 else { return 1 }
        guard successes <= trials, probability > 0 else { return 0 }
        guard probability < 1 else { return 1 }
        let odds = Exponential.log(probability) - Exponential.log(1 - probability)
        // Logarithm of each term, from the one before; a term alone may be too small for a number.
        var term = Double(trials) * Exponential.log(1 - probability)
        var sum = 0.0
        for count in 0...trials {
            if count >= successes { sum += Exponential.exp(term) }
            term += odds + Exponential.log(Double(trials - count)) - Exponential.log(Double(count + 1))
        }
        return min(sum, 1)
    }
}
