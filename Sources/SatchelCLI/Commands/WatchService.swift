import SatchelCore
import SatchelKit

/// `watch --install` and `--uninstall`: the systemd user unit of a workspace.
struct WatchService {
    var account: String?
    var isDryRun: Bool

    private struct Document: Encodable {
        var ok = true
        /// The unit's name.
        var unit: String
        /// Of the unit file.
        var path: String
        /// `written`, `unchanged`, `removed`, `missing`, or with `--dry-run` `to_write` and `to_remove`.
        var action: String
        /// The file itself.
        var text: String?
        /// Commands to type next.
        var next: [String]
    }

    func install(in workspace: Workspace, _ output: Output) throws -> ExitStatus {
        let service = try workspace.serviceFile(account: account)
        let isWritten = service.standing == .same
        if !isDryRun, !isWritten { try workspace.install(service) }
        let path = shellWord(service.environmentFile)
        let folder = shellWord(service.environmentFolder)
        let keys = service.keyVariables.map { variable in
            "(umask 077; mkdir -p \(folder); printf '\(variable)=%s\\n' \"$\(variable)\" >> \(path))"
        }
        let next =
            keys + ["systemctl --user daemon-reload", "systemctl --user enable --now \(service.name)"]
            + ["loginctl enable-linger"]
        output.document(
            Document(
                unit: service.name,
                path: service.path,
                action: isWritten ? "unchanged" : isDryRun ? "to_write" : "written",
                text: service.text,
                next: next
            )
        )
        if isDryRun {
            output.note("\(escaped(service.path.utf8)): \(isWritten ? "unchanged" : "would be written")")
            output.line(String(service.text.dropLast()))
            return .done
        }
        output.info("\(isWritten ? "unchanged" : "wrote") \(escaped(service.path.utf8))")
        output.info("")
        if let variable = service.keyVariables.first {
            output.info("The service does not see this shell's \(variable). Put it where only you can read it, or use")
            output.info("key_command in your configuration:")
            for command in keys { output.info("    \(command)") }
            output.info("")
        }
        output.info("Start it now and at every login:")
        output.info("    systemctl --user daemon-reload")
        output.info("    systemctl --user enable --now \(service.name)")
        output.info("Let it run while you are not logged in:")
        output.info("    loginctl enable-linger")
        output.info("See how it is doing:")
        output.info("    satchel status -C \(shellWord(workspace.root))")
        output.info("    journalctl --user -u \(service.name)")
        if service.environmentFileIsOpen {
            output.error(
                "\(escaped(service.environmentFile.utf8)): others can read it; chmod 600 it, keys are in there"
            )
        }
        return .done
    }

    func uninstall(in workspace: Workspace, _ output: Output) throws -> ExitStatus {
        let (path, name, wasThere) = try workspace.uninstallService(isDryRun: isDryRun)
        let next = wasThere ? ["systemctl --user stop \(name)", "systemctl --user daemon-reload"] : []
        let action = !wasThere ? "missing" : isDryRun ? "to_remove" : "removed"
        output.document(Document(unit: name, path: path, action: action, next: next))
        guard wasThere else {
            output.info("\(escaped(path.utf8)): there is none")
            return .done
        }
        output.info("\(isDryRun ? "would remove" : "removed") \(escaped(path.utf8))")
        if !isDryRun {
            output.info("")
            output.info("Stop it, if it runs, and let systemd forget it:")
            for command in next { output.info("    \(command)") }
        }
        return .done
    }

    /// A path as a shell takes it for one word.
    private func shellWord(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            byte > 0x2b && byte < 0x3b && byte != 0x2c || byte > 0x3f && byte < 0x5b || byte == 0x5f
                || byte > 0x60 && byte < 0x7b
        }
        return isPlain ? text : "'\(text.replacing("'", with: "'\\''"))'"
    }
}
