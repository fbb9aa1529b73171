import CLIPWeights

/// Finds out which towers a checkpoint has, before any tensor is read.
///
/// If a tower is missing, so are all of its tensors, and an error about the first of them would say little.
extension CheckpointNames {
    /// Refuses weights whose towers are not those of the configuration, and a tower that ends before its projection.
    ///
    /// Single tensors that are missing or left over are found later, as the model is made.
    func requireTowers(of shape: ModelConfiguration, in checkpoint: WeightScope) throws(ModelError) {
        let imageTensors = [patches.kernels.weight, vision.positions]
        let textTensors = [tokenTable, text.positions]
        let hasImages = imageTensors.contains(where: checkpoint.contains)
        let hasTexts = textTensors.contains(where: checkpoint.contains)
        // Without either tower it is another kind of model; the error about missing tensors says more then.
        guard hasImages || hasTexts else { return }
        if shape.vision != nil, !hasImages { throw .towerNotStored(.image, tensors: imageTensors) }
        if shape.text != nil, !hasTexts { throw .towerNotStored(.text, tensors: textTensors) }
        if shape.vision == nil, hasImages { throw .towerNotDescribed(.image, tensors: imageTensors) }
        if shape.text == nil, hasTexts { throw .towerNotDescribed(.text, tensors: textTensors) }
        if let projection = projectionOfOnlyTower(of: shape), !checkpoint.contains(projection) {
            throw .projectionNotStored(tensor: projection)
        }
    }

    /// The projection's tensor in which the only tower ends; nil if there are two towers or the tower ends in something
    /// else.
    private func projectionOfOnlyTower(of shape: ModelConfiguration) -> String? {
        switch (shape.vision?.architecture, shape.text?.projection) {
        case (nil, .plain): text.projection.weight
        case (.transformer(let transformer), nil) where transformer.projection == .plain:
            vision.projection.weight
        default: nil
        }
    }
}
