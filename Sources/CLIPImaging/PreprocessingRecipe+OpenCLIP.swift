extension PreprocessingRecipe {
    /// Reads `preprocess_cfg` of OpenCLIP's `open_clip_config.json`.
    ///
    /// `imageSize` is the vision tower's.
    ///
    /// A field that is not there, or is null, has the default of OpenCLIP's `PreprocessCfg` (3.3). Whatever asks for another
    /// way of preprocessing is refused by its name.
    public init(openCLIPConfig json: [UInt8], imageSize: Int) throws(ImagingError) {
        let config = try Self.decode(OpenCLIPConfig.self, from: json).preprocessing
        if let mode = config?.mode, mode != "RGB" {
            throw .unsupportedSetting(name: "preprocess_cfg.mode", value: mode)
        }
        if let sides = config?.size?.sides, sides != [imageSize], sides != [imageSize, imageSize] {
            throw .unsupportedSetting(name: "preprocess_cfg.size", value: "\(sides)")
        }
        try self.init(
            imageSize: imageSize,
            mean: config?.mean?.unlessZero ?? Self.openAIMean,
            standardDeviation: config?.std?.unlessZero ?? Self.openAIStandardDeviation
        )
        if let name = config?.resizeMode {
            guard let mode = ResizeMode(rawValue: name) else {
                throw .unsupportedSetting(name: "preprocess_cfg.resize_mode", value: name)
            }
            resizeMode = mode
        }
        if let name = config?.interpolation {
            // A random one is for training; without it, open_clip takes bicubic.
            guard let known = ResizeFilter(rawValue: name == "random" ? "bicubic" : name) else {
                throw .unsupportedSetting(name: "preprocess_cfg.interpolation", value: name)
            }
            filter = known
        }
        if let levels = config?.fillColour?.levels {
            let bytes = levels.compactMap { UInt8(exactly: $0) }
            guard bytes.count == 3, levels.count == 3 else {
                throw .unsupportedSetting(name: "preprocess_cfg.fill_color", value: "\(levels)")
            }
            // Of what leaves nothing free, no colour is seen.
            if resizeMode == .longest {
                fillColour = FillColour(red: bytes[0], green: bytes[1], blue: bytes[2])
            }
        }
    }
}

/// The part of `open_clip_config.json` that matters.
private struct OpenCLIPConfig: Decodable {
    struct Preprocessing: Decodable {
        var size: Sides?
        var mode, interpolation, resizeMode: String?
        var mean, std: ChannelValues?
        var fillColour: Levels?

        enum CodingKeys: String, CodingKey {
            case size, mode, interpolation, mean, std
            case resizeMode = "resize_mode"
            case fillColour = "fill_color"
        }
    }

    /// A number, or height and width.
    struct Sides: Decodable {
        var sides: [Int]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            sides = try (try? container.decode(Int.self)).map { [$0] } ?? container.decode([Int].self)
        }
    }

    /// A grey, or red, green and blue.
    struct Levels: Decodable {
        var levels: [Int]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            levels =
                try (try? container.decode(Int.self)).map { [$0, $0, $0] } ?? container.decode([Int].self)
        }
    }

    var preprocessing: Preprocessing?

    enum CodingKeys: String, CodingKey {
        case preprocessing = "preprocess_cfg"
    }
}

extension ChannelValues {
    /// A lone zero is as good as nothing to open_clip: `mean or OPENAI_DATASET_MEAN`.
    fileprivate var unlessZero: [Float]? {
        isSingle && values.first == 0 ? nil : values
    }
}
