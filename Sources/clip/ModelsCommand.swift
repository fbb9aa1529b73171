import ArgumentParser
internal import CLIPEngine
internal import Foundation

/// `clip models`: loads the configured models and says what they are.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Load the configured models and list what they are."
    )

    @OptionGroup var options: ModelOptions

    @Flag(help: "Print one JSON object a line instead of a table.")
    var json = false

    func run() async throws {
        var environment = Environment()
        let configuration = options.engineConfiguration(&environment)
        let models = try await withEngine(configuration, options, environment) { $0.models }
        if !json {
            try Terminal.write(line: Self.row("name", "image", "width", "context", "precision", "loaded in"))
        }
        for model in models {
            let milliseconds = Int((model.loadTime / .milliseconds(1)).rounded())
            try Terminal.write(
                line: json
                    ? """
                    {"name":\(JSONText.string(model.name)),"default":\(model.isDefault),\
                    "image_size":\(model.imageSize),"embedding_width":\(model.embeddingWidth),\
                    "context_length":\(model.contextLength),"precision":\(JSONText.string(model.precision.rawValue)),\
                    "load_ms":\(milliseconds)}
                    """
                    : Self.row(
                        model.name + (model.isDefault ? " (default)" : ""),
                        "\(model.imageSize)",
                        "\(model.embeddingWidth)",
                        "\(model.contextLength)",
                        model.precision.rawValue,
                        "\(milliseconds) ms"
                    )
            )
        }
    }

    private static func row(_ columns: String...) -> String {
        columns.enumerated().map { index, column in
            column.padding(toLength: max(index == 0 ? 28 : 11, column.count + 1), withPad: " ", startingAt: 0)
        }.joined().trimmingCharacters(in: .whitespaces)
    }
}
