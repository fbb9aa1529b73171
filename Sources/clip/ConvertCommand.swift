import ArgumentParser
internal import CLIPEngine
internal import CLIPFiles

/// `clip convert`: turns a PyTorch checkpoint into a directory that the other commands can load.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Turn a checkpoint of PyTorch (.bin, .pt) into a model directory with safetensors.",
        discussion: """
            Tensors are read and nothing else: no code of the file is run, and whatever tensors do not need is refused by \
            name. Types and bits stay as they are. Configuration and vocabulary beside the checkpoint are copied; for OpenAI's \
            own files, which have none, the configuration follows from the shapes.

            Examples:
              clip convert ViT-B-32.pt models/ViT-B-32
              clip convert downloads/CLIP-ViT-B-32-laion2B-s34B-b79K models/laion
            """
    )

    @Argument(help: "A .bin, .pt, .pth or .ckpt file, an index of .bin files, or a directory with one.")
    var source: String

    @Argument(help: "The directory that is to hold the model; made where it is not there.")
    var directory: String

    @Flag(help: "Replace files that are there already.")
    var force = false

    func run() throws {
        for path in [source, directory] where !FileName.isText(path) {
            throw CommandFailure(
                "'\(path.printable)' is not UTF-8; rename it, or name a link to it.",
                status: .unusableInput
            )
        }
        let model: ConvertedModel
        do throws(ConversionRefusal) {
            model = try convert()
        } catch {
            throw CommandFailure(error.description, status: error.exitStatus)
        }
        let place = directory.hasSuffix("/") ? directory : directory + "/"
        for file in model.files.dropLast() {
            let origin =
                file.hasSuffix("config.json") && model.isConfigurationDerived ? "from the shapes" : "copied"
            try Terminal.write(line: "\(place)\(file): \(origin)".printable)
        }
        if let weights = model.files.last {
            let size = "\(model.tensorCount) tensors, \(model.byteCount) bytes"
            try Terminal.write(line: "\(place)\(weights): \(size)".printable)
        }
        if !model.leftOut.isEmpty {
            let names = model.leftOut.prefix(5).joined(separator: ", ")
            let rest = model.leftOut.count > 5 ? " and \(model.leftOut.count - 5) more" : ""
            try Terminal.write(line: "Left out, since they are no tensors: \(names)\(rest)".printable)
        }
        if let missing = model.missingConfiguration {
            try Terminal.write(
                line:
                    "\(missing) was not beside the checkpoint: put the one of its repository into \(place), then"
                    .printable
            )
        }
        try Terminal.write(line: "clip serve --model \(directory)".printable)
    }

    private func convert() throws(ConversionRefusal) -> ConvertedModel {
        var progress: ProgressLine?
        var megabytes = 0
        defer { progress?.clear() }
        return try ModelConversion.run(source: source, directory: directory, replacing: force) {
            done,
            total in
            if progress == nil { progress = ProgressLine(total: total / 1_000_000, unit: "MB") }
            while megabytes < done / 1_000_000 {
                megabytes += 1
                progress?.advance()
            }
        }
    }
}
