/// How long a file must have been left alone before it is read: the larger, the longer, because large files are written
/// with pauses.
package struct StabilityPolicy: Hashable, Sendable {
    /// For each mebibyte.
    package var perMebibyte: Duration = .milliseconds(16)
    /// No file waits longer than this after it was last written to.
    package var longest: Duration = .seconds(10)

    package init() {}

    /// The rest that a file of so many bytes needs: 1 s for 64 MiB, nothing to speak of for what people type.
    package func rest(size: Int64) -> Duration {
        min(longest, perMebibyte * (Double(max(0, size)) / 1_048_576))
    }

    /// How much longer to wait; nil when the file has rested, or a clock makes its age unknowable.
    ///
    /// Both times are nanoseconds since 1970. Only the time of the last write counts: a file that is moved in with all
    /// its bytes need not rest.
    package func remaining(size: Int64, modified: Int64, now: Int64) -> Duration? {
        let (age, overflow) = now.subtractingReportingOverflow(modified)
        guard !overflow, age >= 0 else { return nil }
        let left = rest(size: size) - .nanoseconds(age)
        return left > .zero ? left : nil
    }
}
