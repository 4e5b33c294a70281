internal import Glibc
internal import SatchelManifest

/// The user's state folder, `$XDG_STATE_HOME/satchel` or `~/.local/state/satchel`; nil without a home.
func userStateFolder(environment: [String: String]) -> String? {
    // The specification says that a relative path is to be ignored.
    if let base = environment["XDG_STATE_HOME"], base.hasPrefix("/") { return "\(base)/satchel" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return "\(home)/.local/state/satchel"
}

/// Opens the book of limits that all processes of the user share.
///
/// - Returns: the book, or why limits hold in this process only.
func openLimitBook(environment: [String: String]) -> (book: LimitBook?, notice: String?) {
    let consequence = "limits and budgets hold in this process only"
    guard let folder = userStateFolder(environment: environment) else {
        return (nil, "neither XDG_STATE_HOME nor HOME is set: \(consequence)")
    }
    makeFolders(folder)
    do {
        return (try LimitBook(at: "\(folder)/limits.db"), nil)
    } catch {
        return (nil, "\(error): \(consequence)")
    }
}

/// Makes a folder and those above it where they are missing, for their owner alone; whether it worked is seen later.
func makeFolders(_ folder: String) {
    var made = ""
    for part in folder.split(separator: "/") {
        made += "/\(part)"
        // Whatever the umask took of it.
        if mkdir(made, 0o700) == 0 { chmod(made, 0o700) }
    }
}
