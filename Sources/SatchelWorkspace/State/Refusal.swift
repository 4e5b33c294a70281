import Glibc
import SatchelCore

/// Why a folder must not become a workspace; nil when nothing speaks against it.
///
/// The whole system and a whole home hold what nobody means to send away, and no ignore file to keep it back. Folders
/// are compared by what they are, not only by name, so another way of writing the path does not get around it.
/// - Parameters:
///   - path: the folder, absolute.
///   - home: `$HOME`; nil or empty when it is not set.
/// - Returns: a sentence for people.
package func refusal(ofWorkspace path: String, home: String?) -> String? {
    if isSame(path, "/") {
        return "/: is the whole system; choose a project folder as the workspace"
    }
    if let home, !home.isEmpty, isSame(path, home) {
        return "\(printable(path)): is your home folder; choose a project folder in it as the workspace"
    }
    return nil
}

/// Whether two paths lead to one folder; by name when one of them does not exist.
private func isSame(_ left: String, _ right: String) -> Bool {
    var (one, other) = (stat(), stat())
    guard stat(left, &one) == 0, stat(right, &other) == 0 else { return trimmed(left) == trimmed(right) }
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino
}

private func trimmed(_ path: String) -> Substring {
    var path = path[...]
    while path.count > 1, path.last == "/" { path.removeLast() }
    return path
}
