extension Int64 {
    /// Adds what a server has said; the sum ends at the largest number there is.
    package mutating func add(told number: Int64) {
        let (sum, isTooMuch) = addingReportingOverflow(number)
        self = isTooMuch ? .max : sum
    }
}
