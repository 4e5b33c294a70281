import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

/// Which version of a path is meant.
struct VersionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The last version sent or shown by then: 2026-11-20, 2026-11-20T14:00:00Z, or 2h ago.",
            valueName: "time"
        )
    )
    var at: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The version that this thread was shown last.", valueName: "number")
    )
    var thread: Int64?

    func validate() throws {
        if at != nil, thread != nil { throw ValidationError("--at and --thread exclude each other") }
        if let at, moment(at) == nil {
            throw ValidationError("--at takes a time such as 2026-11-20, 2026-11-20T14:00:00Z or 2h")
        }
    }

    var version: ContentVersion {
        if let thread { return .thread(thread) }
        return at.flatMap { moment($0) }.map(ContentVersion.at) ?? .latest
    }
}

/// A moment as it is typed: RFC 3339, a day (its end, in UTC), or a time before now.
private func moment(_ text: String) -> Date? {
    if let date = try? Date(text, strategy: .iso8601) { return isOnCalendar(text.prefix(19)) ? date : nil }
    if let day = try? Date("\(text)T00:00:00Z", strategy: .iso8601) {
        return isOnCalendar("\(text)T00:00:00") ? day.addingTimeInterval(86400 - 1) : nil
    }
    let ago = text.hasSuffix("ago") ? text.dropLast(3).filter { $0 != " " } : text
    return parseSeconds(ago).map { Date(timeIntervalSinceNow: -Double($0)) }
}

/// Whether there is such a day and time of day: Foundation takes 25:61 for the next morning.
private func isOnCalendar(_ text: some StringProtocol) -> Bool {
    (try? Date("\(text)Z", strategy: .iso8601))?.formatted(.iso8601) == "\(text)Z"
}
