import CLIPModels
import CLIPTestSupport
import CLIPWeights

extension TinyModel {
    /// Writes the model, which `change` may have altered, and loads it as the program does.
    func load(
        _ layout: Layout = .openCLIP,
        threads: Int = 1,
        changing change: (inout [String: Weight]) -> Void = { _ in },
        configuring configure: (inout ModelConfiguration) -> Void = { _ in }
    ) throws -> CLIPModel {
        try withDirectory(layout, changing: change) { path in
            let directory = try ModelDirectory(path: path)
            let json = try directory.configuration()
            var configuration =
                switch directory.layout {
                case .openCLIP: try ModelConfiguration(openCLIPConfig: json)
                case .transformers: try ModelConfiguration(transformersConfig: json)
                }
            configure(&configuration)
            return try CLIPModel(
                configuration: configuration,
                checkpoint: directory.weights(),
                layout: directory.layout,
                threads: threads
            )
        }
    }
}

extension [Float] {
    /// One row of a matrix of that width.
    func row(_ index: Int, width: Int) -> [Float] {
        Array(self[index * width..<(index + 1) * width])
    }
}
