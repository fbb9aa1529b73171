extension PreprocessingRecipe {
    /// Reads `preprocess_cfg` of OpenCLIP's `open_clip_config.json`.
    ///
    /// `imageSize` is the image tower's. A setting that is absent or null has the default of OpenCLIP's `PreprocessCfg`
    /// (3.3). A setting that asks for another kind of preprocessing is refused by name.
    public init(openCLIPConfig json: [UInt8], imageSize: Int) throws(ImagingError) {
        let config = try SettingsReader(json: json).object("preprocess_cfg")
        if let mode = try config?.text("mode"), mode != "RGB" {
            throw .unsupportedSetting(name: "preprocess_cfg.mode", value: mode)
        }
        if let sides = try config?.integers("size")?.values(1), sides != [imageSize],
            sides != [imageSize, imageSize]
        {
            throw .unsupportedSetting(name: "preprocess_cfg.size", value: "\(sides)")
        }
        try self.init(
            imageSize: imageSize,
            mean: try config?.numbers("mean")?.unlessZero ?? Self.openAIMean,
            standardDeviation: try config?.numbers("std")?.unlessZero ?? Self.openAIStandardDeviation
        )
        if let name = try config?.text("resize_mode") {
            guard let mode = ResizeMode(rawValue: name) else {
                throw .unsupportedSetting(name: "preprocess_cfg.resize_mode", value: name)
            }
            resizeMode = mode
        }
        if let name = try config?.text("interpolation") {
            // A random filter is for training; otherwise open_clip uses bicubic.
            guard let known = ResizeFilter(rawValue: name == "random" ? "bicubic" : name) else {
                throw .unsupportedSetting(name: "preprocess_cfg.interpolation", value: name)
            }
            filter = known
        }
        if let levels = try config?.integers("fill_color")?.values(3) {
            let bytes = levels.compactMap { UInt8(exactly: $0) }
            guard bytes.count == 3, levels.count == 3 else {
                throw .unsupportedSetting(name: "preprocess_cfg.fill_color", value: "\(levels)")
            }
            // The fill colour is never visible if the picture covers the square.
            if resizeMode == .longest {
                fillColour = FillColour(red: bytes[0], green: bytes[1], blue: bytes[2])
            }
        }
    }
}

extension OneOrMore<Float> {
    /// A number for each of red, green and blue.
    ///
    /// open_clip treats a single zero like an absent setting: `mean or OPENAI_DATASET_MEAN`.
    fileprivate var unlessZero: [Float]? {
        if case .one(0) = self { nil } else { values(3) }
    }
}
