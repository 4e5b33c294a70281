import Glibc
import SatchelCore
import SatchelKit

/// Lets the user change a text in an editor, which has the terminal until it ends; blocks.
///
/// - Parameters:
///   - text: what the editor begins with.
///   - editor: a command of the shell, such as `code --wait`; the file's name is put behind it.
/// - Returns: what the editor leaves.
/// - Throws: ``WorkspaceError`` when there is no such editor, or it fails.
func edit(_ text: String, with editor: String) throws -> String {
    var template = Array("/tmp/satchel-XXXXXX.md".utf8CString)
    let descriptor = mkstemps(&template, 3)
    guard descriptor >= 0 else { throw editFailure("no file can be made in /tmp; free some space there") }
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer { unlink(path) }
    let bytes = Array((text + "\n").utf8)
    let written = write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard written == bytes.count else { throw editFailure("no file can be written in /tmp; free some space there") }

    let command: [String] = ["sh", "-c", "exec \(editor) \"$1\"", "sh", path]
    let words = command.map { strdup($0) }
    defer { for word in words { free(word) } }
    var child: pid_t = 0
    guard posix_spawn(&child, "/bin/sh", nil, nil, words + [nil], environ) == 0 else {
        throw editFailure("\(printable(editor)) cannot be run; set $EDITOR")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status == 0 else { throw editFailure("\(printable(editor)) failed, nothing is asked; set $EDITOR") }

    guard let file = fopen(path, "re") else { throw editFailure("the text is gone; ask again") }
    defer { fclose(file) }
    var left: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { left += buffer.prefix(count) }
    return String(decoding: left, as: UTF8.self)
}

private func editFailure(_ text: String) -> WorkspaceError { WorkspaceError(.cannotStart, "/edit: \(text)") }
