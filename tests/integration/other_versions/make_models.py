"""Fit estimators under the scikit-learn of this environment, write them as pickles, and write down what they answer.

    python make_models.py FOLDER

It runs under scikit-learn 0.20 (Python 3.7) to the newest, so it is written for all of them. A file of this folder is
what it writes, packed: tar --sort=name -C FOLDER -cf - . | xz -9e > VERSION.tar.xz
"""
import json, pickle, sys, os, warnings
warnings.simplefilter("ignore")
import numpy as np, joblib, sklearn, pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import *
try:
    from sklearn.experimental import enable_hist_gradient_boosting
except Exception: pass
try:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
except ImportError: HistGradientBoostingClassifier = None
from sklearn.feature_extraction.text import TfidfVectorizer, CountVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel, ConstantKernel
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import *
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier, OneVsOneClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.naive_bayes import GaussianNB, MultinomialNB, BernoulliNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline, Pipeline, FeatureUnion
from sklearn.preprocessing import *
from sklearn.svm import SVC, SVR, LinearSVC, OneClassSVM, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier
version = tuple(int(p) for p in sklearn.__version__.split(".")[:2])
r = np.random.RandomState(0)
X = r.normal(size=(60, 4)); y3 = np.array(["a", "b", "c"])[np.digitize(X[:, 0] + 0.3*X[:, 1], [-0.5, 0.5])]
y2 = (X[:, 0] > X[:, 2]).astype(int); yr = X[:, 0] * 2 + np.sin(X[:, 1]); P = np.abs(X)
Q = np.random.RandomState(1).normal(size=(12, 4)); QP = np.abs(Q)
XM = X.copy(); XM[r.random_sample(X.shape) < 0.1] = np.nan; QM = Q.copy(); QM[::7, 1] = np.nan
F = pd.DataFrame({"town": np.array(["Bern", "Basel", "Chur"])[r.randint(0, 3, 60)], "size": X[:, 0], "age": XM[:, 1]})
QF = pd.DataFrame({"town": np.array(["Bern", "Basel", "Chur"])[np.arange(12) % 3], "size": Q[:, 0], "age": QM[:, 1]})
T = ["%s %s %s" % tuple(np.array(["good", "bad", "film", "plot", "actor", "ticket"])[r.randint(0, 6, 3)]) for _ in range(60)]
QT = ["good film", "bad plot ticket", "unknown words", "actor actor good"]
yt = np.array(["good" in t for t in T])
sp = {"sparse_output": False} if version >= (1, 2) else {"sparse": False}
M = {}
def add(name, make, X=X, y=y3, Q=Q): 
    try: M[name] = (make().fit(X, y), Q)
    except Exception as e: print("not here:", name, type(e).__name__, str(e)[:80])
add("tree", lambda: DecisionTreeClassifier(max_depth=5, random_state=0))
add("tree_regressor", lambda: DecisionTreeRegressor(max_depth=5, random_state=0), y=yr)
add("forest", lambda: RandomForestClassifier(3, max_depth=3, random_state=0))
add("forest_regressor", lambda: RandomForestRegressor(3, max_depth=3, random_state=0), y=yr)
add("extra_trees", lambda: ExtraTreesClassifier(3, max_depth=3, random_state=0))
add("gradient_boosting", lambda: GradientBoostingClassifier(n_estimators=2, random_state=0))
add("gradient_boosting_two", lambda: GradientBoostingClassifier(n_estimators=2, random_state=0), y=y2)
add("gradient_boosting_regressor", lambda: GradientBoostingRegressor(n_estimators=2, random_state=0), y=yr)
if HistGradientBoostingClassifier:
    add("hist_boosting", lambda: HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5, random_state=0))
    add("hist_boosting_two", lambda: HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5, random_state=0), y=y2)
    add("hist_boosting_regressor", lambda: HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5, random_state=0), y=yr)
    if version >= (0, 22): add("hist_boosting_missing", lambda: HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5, random_state=0), X=XM, Q=QM)
    if version >= (0, 24): add("hist_boosting_categories", lambda: HistGradientBoostingRegressor(max_iter=2, max_leaf_nodes=4, min_samples_leaf=5, categorical_features=[0], random_state=0), X=np.c_[r.randint(0,6,60), X[:,1:]].astype(float), y=yr, Q=np.c_[np.arange(12)%6, Q[:,1:]].astype(float))
add("bagging", lambda: BaggingClassifier(DecisionTreeClassifier(max_depth=2), 3, random_state=0))
add("ada_boost", lambda: AdaBoostClassifier(n_estimators=3, random_state=0, **({"algorithm": "SAMME"} if version < (1, 6) else {})))
add("ada_boost_regressor", lambda: AdaBoostRegressor(n_estimators=3, random_state=0), y=yr)
add("isolation_forest", lambda: IsolationForest(n_estimators=3, random_state=0))
add("logistic", lambda: LogisticRegression(solver="lbfgs"), y=y2)
add("logistic_three", lambda: LogisticRegression(solver="lbfgs", **({"multi_class": "multinomial"} if version < (1, 5) else {})))
if version < (1, 7):
    add("logistic_ovr", lambda: LogisticRegression(solver="lbfgs", multi_class="ovr"))
    add("logistic_multinomial_two", lambda: LogisticRegression(solver="lbfgs", multi_class="multinomial"), y=y2)
add("logistic_liblinear", lambda: LogisticRegression(solver="liblinear"), y=y2)
add("logistic_cv", lambda: LogisticRegressionCV(Cs=2, cv=3, solver="lbfgs", **({"multi_class": "multinomial"} if version < (1, 5) else {})))
for c in (LinearRegression, Ridge, Lasso, ElasticNet, BayesianRidge, HuberRegressor, Lars):
    add(c.__name__, c, y=yr)
add("ridge_classifier", RidgeClassifier)
add("sgd_log", lambda: SGDClassifier(loss="log_loss" if version >= (1, 1) else "log", random_state=0, max_iter=50, tol=1e-3))
add("sgd", lambda: SGDClassifier(random_state=0, max_iter=50, tol=1e-3))
add("sgd_regressor", lambda: SGDRegressor(random_state=0, max_iter=50, tol=1e-3), y=yr)
add("perceptron", lambda: Perceptron(random_state=0, max_iter=50, tol=1e-3))
if version >= (0, 23): add("poisson", PoissonRegressor, y=np.abs(yr))
add("svc", lambda: SVC(gamma="scale", random_state=0))
add("svc_probability", lambda: SVC(gamma="scale", probability=True, random_state=0))
add("svc_two", lambda: SVC(gamma="scale", random_state=0), y=y2)
add("nu_svc", lambda: NuSVC(gamma="scale", random_state=0))
add("svr", lambda: SVR(gamma="scale"), y=yr)
add("linear_svc", lambda: LinearSVC(random_state=0))
add("one_class_svm", lambda: OneClassSVM(gamma="scale"))
add("neighbors", lambda: KNeighborsClassifier(3))
add("neighbors_regressor", lambda: KNeighborsRegressor(3), y=yr)
add("nearest_centroid", NearestCentroid)
add("gaussian_nb", GaussianNB)
add("multinomial_nb", MultinomialNB, X=P, Q=QP)
add("bernoulli_nb", BernoulliNB)
add("lda", LinearDiscriminantAnalysis)
add("qda", QuadraticDiscriminantAnalysis)
add("mlp", lambda: MLPClassifier(hidden_layer_sizes=(6,), max_iter=60, random_state=0))
add("mlp_two", lambda: MLPClassifier(hidden_layer_sizes=(6,), max_iter=60, random_state=0), y=y2)
add("mlp_regressor", lambda: MLPRegressor(hidden_layer_sizes=(6,), max_iter=60, random_state=0), y=yr)
add("gaussian_process", lambda: GaussianProcessRegressor(ConstantKernel() * RBF() + WhiteKernel(), random_state=0), y=yr)
add("k_means", lambda: KMeans(3, n_init=3, random_state=0))
add("gaussian_mixture", lambda: GaussianMixture(2, random_state=0))
add("calibrated", lambda: CalibratedClassifierCV(LinearSVC(random_state=0), cv=3))
add("calibrated_isotonic", lambda: CalibratedClassifierCV(GaussianNB(), cv=3, method="isotonic"))
add("voting", lambda: VotingClassifier([("a", LogisticRegression(solver="lbfgs", **({"multi_class": "multinomial"} if version < (1, 5) else {}))), ("b", GaussianNB())], voting="soft"))
add("one_vs_rest", lambda: OneVsRestClassifier(LogisticRegression(solver="liblinear")))
add("one_vs_one", lambda: OneVsOneClassifier(LinearSVC(random_state=0)))
add("multi_output", lambda: MultiOutputRegressor(Ridge()), y=np.c_[yr, -yr])
if version >= (0, 22):
    add("stacking", lambda: StackingClassifier([("a", GaussianNB()), ("b", DecisionTreeClassifier(max_depth=3, random_state=0))], cv=3))
add("isotonic", lambda: IsotonicRegression(out_of_bounds="clip"), X=X[:, 0], y=yr, Q=Q[:, 0]) if version >= (0, 24) else None
add("dummy", lambda: DummyClassifier(strategy="prior"))
add("p_scaler_logistic", lambda: make_pipeline(StandardScaler(), LogisticRegression(solver="lbfgs")), y=y2)
add("p_imputer_forest", lambda: make_pipeline(SimpleImputer(), RandomForestClassifier(3, max_depth=3, random_state=0)), X=XM, Q=QM)
add("p_imputer_indicator", lambda: make_pipeline(SimpleImputer(strategy="median", **({"add_indicator": True} if version >= (0, 21) else {})), MinMaxScaler(), LogisticRegression(solver="lbfgs")), X=XM, y=y2, Q=QM)
add("p_columns", lambda: make_pipeline(ColumnTransformer([("t", OneHotEncoder(handle_unknown="ignore"), ["town"]), ("n", make_pipeline(SimpleImputer(), StandardScaler()), ["size", "age"])]), LogisticRegression(solver="lbfgs")), X=F, y=y2, Q=QF)
add("p_columns_ordinal", lambda: make_pipeline(ColumnTransformer([("t", OrdinalEncoder(), ["town"])] , remainder="passthrough"), SimpleImputer(), GradientBoostingRegressor(n_estimators=3, random_state=0)), X=F, y=yr, Q=QF)
add("p_columns_drop", lambda: make_pipeline(ColumnTransformer([("t", OneHotEncoder(**sp), ["town"]), ("d", "drop", ["age"])], remainder="passthrough"), DecisionTreeRegressor(max_depth=4, random_state=0)), X=F, y=yr, Q=QF)
add("p_text", lambda: make_pipeline(TfidfVectorizer(), LogisticRegression(solver="lbfgs")), X=T, y=yt, Q=QT)
add("p_count_nb", lambda: make_pipeline(CountVectorizer(ngram_range=(1, 2)), MultinomialNB()), X=T, y=yt, Q=QT)
add("p_pca_svc", lambda: make_pipeline(StandardScaler(), PCA(2, random_state=0), SVC(gamma="scale", random_state=0)))
add("p_polynomial", lambda: make_pipeline(PolynomialFeatures(2), Ridge()), y=yr)
add("p_select", lambda: make_pipeline(SelectKBest(k=2), VarianceThreshold(), KNeighborsClassifier(3)))
add("p_union", lambda: make_pipeline(FeatureUnion([("s", StandardScaler()), ("p", PCA(2, random_state=0))]), LogisticRegression(solver="lbfgs")), y=y2)
add("p_quantile", lambda: make_pipeline(QuantileTransformer(n_quantiles=10, random_state=0), PowerTransformer(), RobustScaler(), Lasso(alpha=0.01)), y=yr)
add("p_bins", lambda: make_pipeline(KBinsDiscretizer(4, encode="onehot"), Normalizer(), MaxAbsScaler(), LogisticRegression(solver="lbfgs")), y=y2)
add("p_bins_ordinal", lambda: make_pipeline(KBinsDiscretizer(4, encode="ordinal", strategy="uniform"), Binarizer(threshold=1.5), Ridge()), y=yr)
add("p_log", lambda: make_pipeline(FunctionTransformer(np.log1p, validate=True), Ridge()), X=P, y=yr, Q=QP)
add("p_search", lambda: GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression(solver="lbfgs")), {"logisticregression__C": [0.1, 1.0]}, cv=3), y=y2)
add("p_target", lambda: TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), y=yr)
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
out = {}
for name, (model, q) in M.items():
    with open(os.path.join(folder, name + ".pkl"), "wb") as f: pickle.dump(model, f, protocol=2 if name == "ridge_classifier" else 4)
    if name in ("forest", "logistic_three", "p_columns"):
        joblib.dump(model, os.path.join(folder, name + ".joblib"), compress=3 if name == "forest" else 0)
    a = {"predict": np.asarray(model.predict(q)).tolist()}
    for m in ("predict_proba", "decision_function"):
        try: a[m] = np.asarray(getattr(model, m)(q)).tolist()
        except Exception: pass
    out[name] = {"rows": q.to_dict("records") if hasattr(q, "to_dict") else (q if isinstance(q, list) else q.tolist()), "answers": a}
json.dump({"version": sklearn.__version__, "models": out}, open(os.path.join(folder, "answers.json"), "w"))
print(sklearn.__version__, len(out))
