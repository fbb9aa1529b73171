import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles
internal import Logging

/// The `clip` command: a server and the same work from the shell.
@main
struct ClipCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clip",
        abstract: "CLIP embeddings of images and texts, as a server or from the shell.",
        discussion: """
            A model is a known name such as ViT-B-32 ('clip pull --list'), a repository OWNER/NAME of the hub, or a directory \
            with a checkpoint in transformers layout (config.json, model.safetensors) or OpenCLIP layout \
            (open_clip_config.json, open_clip_model.safetensors). Options of models and of the server have \
            environment variables, named in their help; an option on the command line wins.

            \(CommandStatus.list)

            A command that a signal ends has 128 and the signal's number at the shell, such as 130 after Ctrl-C.
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, EmbedCommand.self, CompareCommand.self, ClassifyCommand.self,
            IndexCommand.self, SearchCommand.self, DuplicatesCommand.self,
            EvaluateCommand.self,
            TokenizeCommand.self, PullCommand.self, ModelsCommand.self, ConvertCommand.self,
            HealthCommand.self, DoctorCommand.self,
            BenchmarkCommand.self,
        ]
    )

    static func main() async {
        WaitPolicy.ensurePassive()
        MemoryPolicy.ensureLean()
        let arguments = FileName.arguments
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let status = Self.status(of: error)
            // Help or the version was asked for.
            if status == CommandStatus.success.rawValue { exit(withError: error) }
            if status == CommandStatus.usage.rawValue, ServeCommand.wantsJSONLog(arguments, Environment()) {
                ServerLog(.json, level: .info).complain(message(for: error).printable)
            } else {
                let message = fullMessage(for: error)
                if !message.isEmpty { Terminal.complain(message.printableLines + "\n") }
            }
            // Not by `exit`, which takes down oneDNN's statics: a model's thread may be in the middle of a batch for somebody
            // whose command has failed.
            Terminal.leave(status: status)
        }
    }

    private static func status(of error: any Error) -> Int32 {
        switch error {
        case let failure as CommandFailure: failure.status.rawValue
        case let error as EmbeddingError: error.exitStatus.rawValue
        case let code as ExitCode: code.rawValue
        default:
            // What ArgumentParser does not know is nothing that a command expects.
            exitCode(for: error) == .failure
                ? CommandStatus.internalFault.rawValue : exitCode(for: error).rawValue
        }
    }
}
