internal import CLIPImaging
internal import CLIPModels
internal import CLIPTokenization

/// What can be said of a model by its configuration alone, before there are weights.
package enum ConfigurationVerdict {
    /// Why no network of this program can be made of a configuration, in a sentence with a remedy; nil where one can.
    ///
    /// - Parameter file: what it is called: `open_clip_config.json`, or `config.json` of any folder.
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
