import ArgumentParser

/// For commands that can tell what they do while they do it.
struct EventsOption: ParsableArguments {
    @Flag(help: "Print what happens as it happens: one JSON object a line on standard output.")
    var events = false

    /// Refuses two formats at once.
    func check(_ options: GlobalOptions) throws {
        if events, options.json { throw ValidationError("--events and --json exclude each other") }
    }
}
