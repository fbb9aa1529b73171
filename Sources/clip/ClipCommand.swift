import ArgumentParser
internal import CLIPFiles

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
            """,
        version: Version.current,
        subcommands: [
            ServeCommand.self, EmbedCommand.self, CompareCommand.self, ClassifyCommand.self,
            EvaluateCommand.self,
            TokenizeCommand.self, PullCommand.self, ModelsCommand.self, ConvertCommand.self,
            HealthCommand.self, DoctorCommand.self,
            BenchmarkCommand.self,
        ]
    )

    static func main() async {
        WaitPolicy.ensurePassive()
        MemoryPolicy.ensureLean()
        do {
            var command = try parseAsRoot(FileName.arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let code = (error as? CommandFailure).map { ExitCode($0.status) } ?? exitCode(for: error)
            if code.isSuccess { exit(withError: error) }  // what was asked for was help or the version
            let message = fullMessage(for: error)
            if !message.isEmpty { Terminal.complain(message.printableLines + "\n") }
            // `exit` would free oneDNN's static objects, which a model's thread may still be using for another item of
            // the failed command.
            Terminal.leave(status: code.rawValue)
        }
    }
}
