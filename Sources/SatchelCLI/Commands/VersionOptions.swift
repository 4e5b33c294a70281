import ArgumentParser
import FoundationEssentials
import SatchelCore
import SatchelKit

/// Which version of a path is meant.
struct VersionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The version of that time: 2026-11-20, 2026-11-20T14:00:00Z, or 2h ago.", valueName: "time")
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
    if let date = try? Date(text, strategy: .iso8601) { return date }
    if let day = try? Date("\(text)T00:00:00Z", strategy: .iso8601) { return day.addingTimeInterval(86400 - 1) }
    let ago = text.hasSuffix("ago") ? text.dropLast(3).filter { $0 != " " } : text
    return parseSeconds(ago).map { Date(timeIntervalSinceNow: -Double($0)) }
}
