import ArgumentParser

@main
struct Satchel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "satchel", version: "0.1.0")
}
