internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization

/// What a model's configuration alone says about the model, before its weights are on the machine.
package enum ConfigurationVerdict {
    /// Why this program cannot build a network from a configuration, in a sentence with a remedy; nil if it can.
    ///
    /// - Parameter file: the file's name: `open_clip_config.json`, or `config.json` in any folder.
    package static func refusal(of file: String, _ json: [UInt8]) -> String? {
        do {
            if file == "open_clip_config.json" {
                let network = try ModelConfiguration(openCLIPConfig: json)
                if let vision = network.vision {
                    _ = try PreprocessingRecipe(openCLIPConfig: json, imageSize: vision.imageSize)
                }
                if network.text != nil { _ = try TextRecipe(openCLIPConfig: json) }
            } else {
                _ = try ModelConfiguration(transformersConfig: json)
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
